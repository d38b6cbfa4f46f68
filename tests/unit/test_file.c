#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/base/file.h"

#define B(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })

/* A fresh folder; over removes it. */
static char dir[64];

static char *
in_dir(const char *name)
{
	return path_join(dir, name);
}

static void
fresh(void)
{
	snprintf(dir, sizeof dir, "/tmp/fieldkit-test-XXXXXX");
	assert_non_null(mkdtemp(dir));
}

static void
over(void)
{
	assert_ok(file_remove_tree(dir));
	assert_false(file_exists(dir));
}

static void
holds(const char *path, const char *want)
{
	struct buf b = BUF_EMPTY;

	assert_ok(file_read(&b, path, 1000));
	assert_string_equal(buf_cstr(&b), want);
	buf_free(&b);
}

static size_t
entries(void)
{
	char line[128], out[32] = "";
	FILE *p;

	snprintf(line, sizeof line, "ls -A %s | wc -l", dir);
	p = popen(line, "r");
	assert_non_null(p);
	assert_non_null(fgets(out, sizeof out, p));
	pclose(p);
	return strtoul(out, NULL, 10);
}

TEST(a_file_appears_whole_with_its_mode_and_nothing_beside_it)
{
	struct stat st;
	char *path;

	fresh();
	path = in_dir("f");
	assert_ok(file_write(path, B("one"), 0600));
	holds(path, "one");
	assert_ok(file_write(path, B(""), 0600));
	holds(path, "");
	assert_ok(file_write(path, B("two"), 0600));
	holds(path, "two");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(entries(), 1);
	free(path);
	over();
}

TEST(a_leftover_temporary_does_not_stop_the_next_write)
{
	char name[64], *path, *tmp;

	fresh();
	path = in_dir("f");
	snprintf(name, sizeof name, "f.%ld.tmp", (long)getpid());
	tmp = in_dir(name);
	assert_ok(file_write(tmp, B("half"), 0600));
	assert_ok(file_write(path, B("whole"), 0600));
	holds(path, "whole");
	assert_false(file_exists(tmp));
	free(tmp);
	free(path);
	over();
}

TEST(creating_never_replaces)
{
	char *path;

	fresh();
	path = in_dir("f");
	assert_ok(file_create(path, B("one"), 0644));
	assert_fault(FAULT_INVALID, file_create(path, B("two"), 0644));
	holds(path, "one");
	assert_int_equal(entries(), 1);
	free(path);
	path = in_dir("missing/f");
	assert_fault(FAULT_FAIL, file_create(path, B("x"), 0644));
	assert_fault(FAULT_FAIL, file_write(path, B("x"), 0644));
	free(path);
	over();
}

TEST(reading_stops_at_its_limit_and_at_what_is_no_plain_file)
{
	struct buf b = BUF_EMPTY;
	char *path, *link, *fifo;

	fresh();
	path = in_dir("f");
	link = in_dir("link");
	fifo = in_dir("fifo");
	assert_ok(file_write(path, B("12345"), 0600));
	buf_add(&b, "0", 1);
	assert_ok(file_read(&b, path, 5));
	assert_string_equal(buf_cstr(&b), "012345");
	assert_fault(FAULT_FORMAT, file_read(&b, path, 4));
	assert_int_equal(symlink("f", link), 0);
	assert_fault(FAULT_FAIL, file_read(&b, link, 5));
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_fault(FAULT_FORMAT, file_read(&b, fifo, 5));
	assert_fault(FAULT_FORMAT, file_read(&b, dir, 5));
	free(fifo);
	fifo = in_dir("none");
	assert_fault(FAULT_ABSENT, file_read(&b, fifo, 5));
	free(path);
	free(link);
	free(fifo);
	buf_free(&b);
	over();
}

TEST(folders_are_made_with_their_parents)
{
	char *deep;

	fresh();
	deep = in_dir("a/b/c");
	assert_fault(FAULT_FAIL, file_mkdir(deep, 0700));
	assert_ok(file_mkdirs(deep, 0700));
	assert_ok(file_mkdirs(deep, 0700));
	assert_true(file_exists(deep));
	free(deep);
	over();
}

TEST(removing_a_tree_follows_no_link)
{
	char *tree, *deep, *outside, *link, *file;

	fresh();
	tree = in_dir("tree");
	deep = in_dir("tree/x/y");
	outside = in_dir("outside");
	link = in_dir("tree/x/link");
	file = in_dir("outside/kept");
	assert_ok(file_mkdirs(deep, 0700));
	assert_ok(file_mkdir(outside, 0700));
	assert_ok(file_write(file, B("kept"), 0600));
	assert_int_equal(symlink(outside, link), 0);
	assert_ok(file_remove_tree(tree));
	assert_false(file_exists(tree));
	holds(file, "kept");
	assert_ok(file_remove_tree(tree));
	free(file);
	free(link);
	free(outside);
	free(deep);
	free(tree);
	over();
}

/* A child that holds the lock until the pipe closes. */
static pid_t
holder(const char *path, int *hold)
{
	struct file_lock l = FILE_LOCK_NONE;
	int ready[2], stop[2];
	char c = 0;
	pid_t pid;

	assert_int_equal(pipe(ready) | pipe(stop), 0);
	if ((pid = fork()) == 0) {
		close(stop[1]);
		if (file_lock(&l, path, 0) == NULL &&
		    write(ready[1], "", 1) == 1)
			c = (char)read(stop[0], &c, 1);
		_exit(c);
	}
	close(ready[1]);
	close(stop[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	*hold = stop[1];
	return pid;
}

TEST(a_lock_excludes_names_its_holder_and_goes_with_the_process)
{
	struct file_lock l = FILE_LOCK_NONE;
	char *path, number[32];
	pid_t pid;
	fault f;
	int hold;

	fresh();
	path = in_dir("lock");
	pid = holder(path, &hold);
	f = file_lock(&l, path, 50);
	assert_non_null(f);
	assert_int_equal(f->code, FAULT_FAIL);
	snprintf(number, sizeof number, "process %ld", (long)pid);
	assert_non_null(strstr(f->text, number));
	assert_int_equal(l.fd, -1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(hold);
	assert_ok(file_lock(&l, path, 0));
	file_unlock(&l);
	file_unlock(&l);
	free(path);
	over();
}

TEST(a_lock_that_is_let_go_is_had_by_who_waits)
{
	struct file_lock l = FILE_LOCK_NONE;
	char *path;
	pid_t pid;
	int hold;

	fresh();
	path = in_dir("lock");
	pid = holder(path, &hold);
	close(hold);
	assert_ok(file_lock(&l, path, 5000));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	file_unlock(&l);
	free(path);
	over();
}

int
main(void)
{
	return RUN(
	    T(a_file_appears_whole_with_its_mode_and_nothing_beside_it),
	    T(a_leftover_temporary_does_not_stop_the_next_write),
	    T(creating_never_replaces),
	    T(reading_stops_at_its_limit_and_at_what_is_no_plain_file),
	    T(folders_are_made_with_their_parents),
	    T(removing_a_tree_follows_no_link),
	    T(a_lock_excludes_names_its_holder_and_goes_with_the_process),
	    T(a_lock_that_is_let_go_is_had_by_who_waits));
}
