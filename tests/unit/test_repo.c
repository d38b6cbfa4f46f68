#include "tests/unit/test.h"

#include <poll.h>
#include <sys/wait.h>

#include "sync/base/id.h"
#include "sync/lockfile.h"
#include "sync/repo.h"
#include "tests/unit/scratch.h"

static struct repo *
fresh(const char *name)
{
	char *path = at(name);
	struct repo *r;

	assert_ok(repo_create(path));
	assert_ok(repo_open(&r, path));
	free(path);
	return r;
}

static struct oid
oid_of(uint8_t first)
{
	struct oid o = { { first, 1, 2, 3 } };

	return o;
}

/* ---- objects ------------------------------------------------------------ */

TEST(a_new_repository_is_one_for_stock_git)
{
	char out[256], *path = at("stock");
	struct repo *r = fresh("stock");
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(run(out, "git --git-dir=%s rev-parse "
	    "--is-bare-repository", path), 0);
	assert_string_equal(out, "true");
	assert_int_equal(run(out, "git --git-dir=%s symbolic-ref HEAD", path),
	    0);
	assert_string_equal(out, "refs/heads/main");
	assert_ok(repo_create(path));
	repo_close(r);
	free(path);
}

TEST(there_is_no_repository_where_there_is_none)
{
	char *path = at("nothing");
	struct repo *r;

	assert_fault(FAULT_ABSENT, repo_open(&r, path));
	assert_fault(FAULT_ABSENT, repo_open(&r, scratch));
	free(path);
}

/* git hash-object of "hello\n" and of the empty tree are well known. */
TEST(objects_have_gits_own_names_and_come_back)
{
	struct repo *r = fresh("names");
	struct buf b = BUF_EMPTY;
	struct oid oid;
	char hex[41];

	assert_ok(repo_write(&oid, r, OBJECT_BLOB, bytes_of("hello\n")));
	oid_hex(hex, &oid);
	assert_string_equal(hex, "ce013625030ba8dba906f756967f9e9ca394464a");
	assert_ok(repo_write(&oid, r, OBJECT_BLOB, bytes_of("hello\n")));
	assert_true(repo_has(r, &oid));
	assert_ok(repo_read(&b, r, &oid, OBJECT_BLOB, 6));
	assert_true(bytes_is(buf_view(&b), "hello\n"));
	assert_ok(repo_write_tree(&oid, r, NULL, 0));
	oid_hex(hex, &oid);
	assert_string_equal(hex, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
	buf_free(&b);
	repo_close(r);
}

TEST(type_length_and_absence_are_checked_before_reading)
{
	struct repo *r = fresh("bounds");
	struct buf b = BUF_EMPTY;
	struct oid oid, none = oid_of(9);

	assert_ok(repo_write(&oid, r, OBJECT_BLOB, bytes_of("hello\n")));
	assert_fault(FAULT_FORMAT, repo_read(&b, r, &oid, OBJECT_BLOB, 5));
	assert_fault(FAULT_FORMAT, repo_read(&b, r, &oid, OBJECT_COMMIT, 6));
	assert_fault(FAULT_ABSENT, repo_read(&b, r, &none, OBJECT_BLOB, 6));
	assert_false(repo_has(r, &none));
	assert_int_equal(b.len, 0);
	buf_free(&b);
	repo_close(r);
}

TEST(a_flipped_bit_anywhere_in_a_loose_object_is_noticed)
{
	struct repo *r = fresh("flip");
	struct buf file = BUF_EMPTY, b = BUF_EMPTY;
	struct oid oid;
	char *path = at(
	    "flip/objects/ce/013625030ba8dba906f756967f9e9ca394464a");

	assert_ok(repo_write(&oid, r, OBJECT_BLOB, bytes_of("hello\n")));
	assert_ok(file_read(&file, path, 1000));
	for (size_t i = 0; i < file.len; i++) {
		file.at[i] ^= 0x10;
		assert_ok(file_write(path, buf_view(&file), 0600));
		file.at[i] ^= 0x10;
		fault f = repo_read(&b, r, &oid, OBJECT_BLOB, 6);

		/* zlib ignores some header bits: then the bytes are right. */
		if (f == NULL)
			assert_true(bytes_is(buf_view(&b), "hello\n"));
		else
			assert_int_equal(f->code, FAULT_FORMAT);
		buf_clear(&b);
	}
	buf_free(&file);
	buf_free(&b);
	free(path);
	repo_close(r);
}

TEST(a_tree_is_sorted_and_reads_back)
{
	struct repo *r = fresh("tree");
	struct tree_entry e[3] = { { "b.seg", oid_of(2) },
	    { "a.seg", oid_of(1) }, { "roster.seg", oid_of(3) } }, *got;
	struct oid tree;
	size_t n;

	assert_ok(repo_write_tree(&tree, r, e, 3));
	assert_ok(repo_read_tree(&got, &n, r, &tree, 3));
	assert_int_equal(n, 3);
	assert_string_equal(got[0].name, "a.seg");
	assert_string_equal(got[2].name, "roster.seg");
	assert_true(oid_eq(&got[1].blob, &e[0].blob));
	free(got);
	assert_fault(FAULT_FORMAT, repo_read_tree(&got, &n, r, &tree, 2));
	repo_close(r);
}

static void
assert_no_tree(struct repo *r, const char *text, size_t len)
{
	struct buf b = BUF_EMPTY;
	struct tree_entry *got;
	struct oid tree;
	size_t n;

	buf_add(&b, text, len);
	buf_add(&b, "....................", 20);
	assert_ok(repo_write(&tree, r, OBJECT_TREE, buf_view(&b)));
	assert_fault(FAULT_FORMAT, repo_read_tree(&got, &n, r, &tree, 9));
	buf_free(&b);
}

#define NO_TREE(r, text) assert_no_tree(r, text, sizeof text)

TEST(a_tree_with_anything_but_plain_files_is_refused)
{
	struct repo *r = fresh("odd-tree");

	NO_TREE(r, "100755 a.seg");
	NO_TREE(r, "120000 a.seg");
	NO_TREE(r, "40000 a");
	NO_TREE(r, "160000 a");
	NO_TREE(r, "0100644 a.seg");
	NO_TREE(r, "100644 ..");
	NO_TREE(r, "100644 .git");
	NO_TREE(r, "100644 a/b");
	NO_TREE(r, "100644 ");
	NO_TREE(r, "100644 a\nb");
	NO_TREE(r, "100644 1234567890123456789012345678901234567890"
	    "123456789012345678901234");
	NO_TREE(r, "100644 b\0....................100644 a");
	NO_TREE(r, "100644 a\0....................100644 a");
	repo_close(r);
}

TEST(a_merge_takes_each_sides_change_and_refuses_two_of_one_path)
{
	struct repo *r = fresh("merge");
	struct tree_entry old = { "d1", { { 0 } } }, new, main_[2], *got;
	struct oid base, ours, theirs, none, out;
	size_t n;

	assert_ok(repo_write(&old.blob, r, OBJECT_BLOB, bytes_of("1\n2\n3\n")));
	new = main_[0] = old;
	assert_ok(repo_write(&new.blob, r, OBJECT_BLOB, bytes_of("1\n2\n4\n")));
	strcpy(main_[1].name, "d2");
	main_[1].blob = old.blob;
	assert_ok(repo_write_tree(&base, r, &old, 1));
	assert_ok(repo_write_tree(&ours, r, main_, 2));
	assert_ok(repo_write_tree(&theirs, r, &new, 1));
	assert_ok(repo_write_tree(&none, r, NULL, 0));

	assert_ok(repo_merge_trees(&out, r, &base, &ours, &theirs));
	assert_ok(repo_read_tree(&got, &n, r, &out, 9));
	assert_int_equal(n, 2);
	assert_true(oid_eq(&got[0].blob, &new.blob));
	assert_true(oid_eq(&got[1].blob, &old.blob));
	free(got);
	/* The first time a device is accepted there is no ancestor. */
	assert_ok(repo_merge_trees(&out, r, NULL, &none, &theirs));
	assert_true(oid_eq(&out, &theirs));
	/* Far apart in one text: libgit2 would merge the lines. */
	assert_ok(repo_write(&main_[0].blob, r, OBJECT_BLOB,
	    bytes_of("0\n2\n3\n")));
	assert_ok(repo_write_tree(&ours, r, main_, 2));
	assert_fault(FAULT_DECIDE,
	    repo_merge_trees(&out, r, &base, &ours, &theirs));
	assert_fault(FAULT_DECIDE,
	    repo_merge_trees(&out, r, &base, &none, &theirs));
	assert_fault(FAULT_DECIDE,
	    repo_merge_trees(&out, r, NULL, &ours, &theirs));
	repo_close(r);
}

/* ---- packs -------------------------------------------------------------- */

static void
fill(struct oid *oids, struct repo *r, unsigned n, unsigned from)
{
	struct buf b = BUF_EMPTY;

	for (unsigned i = 0; i < n; i++) {
		buf_clear(&b);
		for (unsigned k = 0; k <= (i * 37) % 3000; k++)
			buf_text(&b, "%u", i + from + k % 7);
		buf_text(&b, "-%u", i + from);
		assert_ok(repo_write(&oids[i], r, OBJECT_BLOB, buf_view(&b)));
	}
	buf_free(&b);
}

TEST(a_pack_is_whole_for_git_and_for_us)
{
	struct repo *from = fresh("pack-from"), *to = fresh("pack-to");
	struct oid oids[300];
	struct buf a = BUF_EMPTY, b = BUF_EMPTY;
	char out[256];

	fill(oids, from, 299, 0);
	assert_ok(repo_write_tree(&oids[299], from, NULL, 0));
	assert_ok(repo_pack(from, oids, 0, repo_dir(to),
	    WIRE_SEGMENT_MAX));
	assert_ok(repo_pack(from, oids, 300, repo_dir(to),
	    WIRE_SEGMENT_MAX));
	repo_refresh(to);
	for (size_t i = 0; i < 299; i++) {
		assert_ok(repo_read(&a, from, &oids[i], OBJECT_BLOB, 100000));
		assert_ok(repo_read(&b, to, &oids[i], OBJECT_BLOB, 100000));
		assert_true(bytes_eq(buf_view(&a), buf_view(&b)));
	}
	assert_int_equal(run(out, "git --git-dir=%s fsck --full --strict "
	    "--no-dangling 2>&1", repo_path(to)), 0);
	assert_int_equal(run(out, "cd %s/objects/pack && git verify-pack *.idx",
	    repo_path(to)), 0);
	assert_int_equal(number("ls %s/objects/pack | wc -l",
	    repo_path(to)), 2);
	buf_free(&a);
	buf_free(&b);
	repo_close(from);
	repo_close(to);
}

TEST(a_pack_that_cannot_be_completed_leaves_nothing)
{
	struct repo *from = fresh("half-from"), *to = fresh("half-to");
	struct oid oids[3];

	fill(oids, from, 2, 0);
	oids[2] = oid_of(7);
	assert_fault(FAULT_ABSENT, repo_pack(from, oids, 3, repo_dir(to),
	    WIRE_SEGMENT_MAX));
	assert_int_equal(number("find %s/objects -type f | wc -l",
	    repo_path(to)), 0);
	repo_close(from);
	repo_close(to);
}

TEST(many_packs_become_few_and_a_reader_beside_finds_everything)
{
	struct repo *from = fresh("many-from"), *to = fresh("many-to"), *reader;
	struct oid oids[70];
	struct buf b = BUF_EMPTY;
	char out[256];

	fill(oids, from, 70, 500);
	for (size_t i = 0; i < 70; i++)
		assert_ok(repo_pack(from, &oids[i], 1, repo_dir(to),
		    WIRE_SEGMENT_MAX));
	assert_ok(repo_open(&reader, repo_path(to)));
	assert_ok(repo_read(&b, reader, &oids[0], OBJECT_BLOB, 100000));
	assert_ok(repo_consolidate(to));
	run(out, "ls %s/objects/pack/*.pack | wc -l", repo_path(to));
	assert_in_range(atoi(out), 1, 3);
	for (size_t i = 0; i < 70; i++) {
		assert_ok(repo_read(&b, reader, &oids[i], OBJECT_BLOB, 100000));
		assert_ok(repo_read(&b, to, &oids[i], OBJECT_BLOB, 100000));
	}
	assert_int_equal(run(out, "git --git-dir=%s fsck --full --no-dangling "
	    "2>&1", repo_path(to)), 0);
	buf_free(&b);
	repo_close(reader);
	repo_close(from);
	repo_close(to);
}

TEST(a_damaged_pack_stops_consolidation_before_anything_is_removed)
{
	struct repo *from = fresh("bad-from"), *to = fresh("bad-to"), *again;
	struct oid oids[66];
	struct buf b = BUF_EMPTY;
	char out[256];

	fill(oids, from, 66, 900);
	for (size_t i = 0; i < 66; i++)
		assert_ok(repo_pack(from, &oids[i], 1, repo_dir(to),
		    WIRE_SEGMENT_MAX));
	run(out, "for p in %s/objects/pack/*.pack; do printf X | dd of=$p "
	    "bs=1 seek=20 conv=notrunc status=none; break; done",
	    repo_path(to));
	assert_ok(repo_open(&again, repo_path(to)));
	assert_fault(FAULT_FORMAT, repo_consolidate(again));
	assert_int_equal(number("ls %s/objects/pack/pack-*.pack | wc -l",
	    repo_path(to)), 66);
	assert_int_equal(number("find %s -name 'tmp_*' -o -name '*.lock' | wc -l",
	    repo_path(to)), 0);
	buf_free(&b);
	repo_close(again);
	repo_close(from);
	repo_close(to);
}

TEST(tidying_removes_what_a_dead_process_left_and_packs_loose_objects)
{
	struct repo *r = fresh("tidy");
	struct oid *oids = mem_new(2600 * sizeof *oids);
	struct buf b = BUF_EMPTY;
	char out[256], *p;

	fill(oids, r, 2600, 5000);
	p = at("tidy/refs/heads/device/x.lock");
	write_text(p, "x");
	free(p);
	p = at("tidy/objects/pack/tmp_pack_1");
	write_text(p, "x");
	free(p);
	p = at("tidy/objects/tmp_object_git2_1");
	write_text(p, "x");
	free(p);
	assert_ok(repo_tidy(r));
	run(out, "find %s -type f | wc -l", repo_path(r));
	assert_in_range(atoi(out), 4, 4 + 2);	/* HEAD config pack idx */
	for (size_t i = 0; i < 2600; i += 13)
		assert_ok(repo_read(&b, r, &oids[i], OBJECT_BLOB, 100000));
	buf_free(&b);
	free(oids);
	repo_close(r);
}

/* ---- refs --------------------------------------------------------------- */

TEST(a_ref_moves_only_from_where_it_is)
{
	struct repo *r = fresh("cas");
	struct oid a = oid_of(1), b = oid_of(2), got;
	const char *name = "refs/heads/device/0123";
	char out[256];

	assert_fault(FAULT_ABSENT, repo_ref(&got, r, name));
	assert_fault(FAULT_RACE, repo_ref_move(r, name, &a, &b));
	assert_ok(repo_ref_move(r, name, NULL, &a));
	assert_fault(FAULT_RACE, repo_ref_move(r, name, NULL, &b));
	assert_fault(FAULT_RACE, repo_ref_move(r, name, &b, &a));
	assert_ok(repo_ref_move(r, name, &a, &b));
	assert_ok(repo_ref(&got, r, name));
	assert_true(oid_eq(&got, &b));
	run(out, "cat %s/%s", repo_path(r), name);
	assert_string_equal(out, "0201020300000000000000000000000000000000");
	assert_ok(repo_ref_delete(r, name));
	assert_ok(repo_ref_delete(r, name));
	assert_fault(FAULT_ABSENT, repo_ref(&got, r, name));
	assert_int_equal(number("find %s -name '*.lock' | wc -l",
	    repo_path(r)), 0);
	repo_close(r);
}

TEST(names_that_lead_elsewhere_are_no_refs)
{
	static const char *const bad[] = { "refs/heads/../../x", "refs/heads/",
	    "refs//x", "HEAD", "refs/heads/x.lock", "refs/heads/.x", "/refs/x",
	    "refs/heads/a b", "refs/heads/a\n", "refs/heads/..", "refs/heads/x.",
	    "refs/heads/a..b", "refs/heads/a:b", "refs/heads/\xc3\xa9" };
	struct repo *r = fresh("bad-names");
	struct oid a = oid_of(1), got;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_fault(FAULT_INVALID,
		    repo_ref_move(r, bad[i], NULL, &a));
		assert_fault(FAULT_ABSENT, repo_ref(&got, r, bad[i]));
	}
	repo_close(r);
}

TEST(refs_are_listed_sorted_and_bounded_packed_ones_too)
{
	struct repo *r = fresh("list");
	struct oid a = oid_of(1), b = oid_of(2), got;
	struct repo_ref *l;
	char *packed = at("list/packed-refs"), *torn = at("list/refs/heads/t");
	size_t n;

	assert_ok(repo_ref_move(r, "refs/heads/main", NULL, &a));
	assert_ok(repo_ref_move(r, "refs/heads/device/22", NULL, &a));
	assert_ok(repo_ref_move(r, "refs/pins/x/heads/main", NULL, &a));
	write_text(packed, "# pack-refs with: peeled fully-peeled sorted \n"
	    "0201020300000000000000000000000000000000 refs/heads/device/11\n"
	    "0201020300000000000000000000000000000000 refs/heads/main\n"
	    "^0301020300000000000000000000000000000000\n"
	    "garbage\n");
	write_text(torn, "%s", "");
	assert_ok(repo_refs(&l, &n, r, "refs/heads/", 5));
	assert_int_equal(n, 3);
	assert_string_equal(l[0].name, "refs/heads/device/11");
	assert_string_equal(l[1].name, "refs/heads/device/22");
	assert_string_equal(l[2].name, "refs/heads/main");
	assert_true(oid_eq(&l[2].oid, &a));
	free(l);
	assert_fault(FAULT_FORMAT, repo_refs(&l, &n, r, "refs/heads/", 2));
	assert_ok(repo_refs(&l, &n, r, "refs/nothing/", 5));
	assert_int_equal(n, 0);
	free(l);

	/* A packed ref moves, and goes for good. */
	assert_ok(repo_ref_move(r, "refs/heads/device/11", &b, &a));
	assert_ok(repo_ref(&got, r, "refs/heads/device/11"));
	assert_true(oid_eq(&got, &a));
	assert_ok(repo_ref_delete(r, "refs/heads/device/11"));
	assert_fault(FAULT_ABSENT, repo_ref(&got, r, "refs/heads/device/11"));
	assert_ok(repo_ref_delete(r, "refs/heads/main"));
	assert_fault(FAULT_ABSENT, repo_ref(&got, r, "refs/heads/main"));
	/* A torn file is no ref: it can be made again. */
	assert_fault(FAULT_ABSENT, repo_ref(&got, r, "refs/heads/t"));
	assert_ok(repo_ref_move(r, "refs/heads/t", NULL, &a));
	free(packed);
	free(torn);
	repo_close(r);
}

/* Each child adds one to the ref until it has won wins times. */
static void
compete(const char *path, int wins)
{
	struct repo *r;
	struct oid now, next;
	fault f;

	if (repo_open(&r, path) != NULL)
		_exit(2);
	while (wins > 0) {
		bool there = repo_ref(&now, r, "refs/heads/n") == NULL;

		next = there ? now : oid_of(0);
		if (++next.b[19] == 0)
			next.b[18]++;
		f = repo_ref_move(r, "refs/heads/n", there ? &now : NULL,
		    &next);
		if (f == NULL)
			wins--;
		else if (f->code != FAULT_RACE)
			_exit(3);
	}
	_exit(0);
}

TEST(of_many_who_swap_at_once_exactly_one_wins_each_time)
{
	struct repo *r = fresh("race");
	struct oid got;
	int status;

	for (int i = 0; i < 8; i++)
		if (fork() == 0)
			compete(repo_path(r), 10);
	for (int i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_ok(repo_ref(&got, r, "refs/heads/n"));
	assert_int_equal(got.b[18] * 256 + got.b[19], 80);
	repo_close(r);
}

/* A clock that is looked at: it goes on by itself, and at 200, 400, 600 and
 * 800 the holder of the lock touches it. */
static struct {
	uint64_t	ms, touched;
	char		*lock;
	int		touches;
} busy;

static uint64_t
busy_now(void)
{
	busy.ms += 10;
	if (busy.touches < 4 && busy.ms % 200 == 0) {
		busy.touches++;
		write_text(busy.lock, "0201%.*s", busy.touches, "....");
		busy.touched = busy.ms;
	}
	return busy.ms;
}

TEST(a_lock_is_broken_when_nobody_touched_it_for_long_enough)
{
	struct repo *r = fresh("stale");
	struct gitdir g;
	struct oid a = oid_of(1);

	assert_ok(gitdir_open(&g, repo_path(r), FAULT_FAIL));
	assert_int_equal(g.patience, 10000);
	assert_true(g.now == gitdir_now);
	g.patience = 600;
	g.now = busy_now;
	busy.lock = at("stale/refs/heads/main.lock");
	write_text(busy.lock, "0201");
	assert_ok(refdb_move(&g, "refs/heads/main", NULL, &a));
	assert_int_equal(busy.touched, 800);
	/* Not before 600 more; nor much later: it looks every few ticks. */
	assert_in_range(busy.ms - busy.touched, 600, 800);
	assert_false(file_exists(busy.lock));
	gitdir_close(&g);
	free(busy.lock);
	repo_close(r);
}

TEST(the_clock_of_locks_goes_on_by_itself)
{
	uint64_t t = gitdir_now();

	poll(NULL, 0, 20);
	assert_true(gitdir_now() >= t + 15);
}

TEST(who_lost_the_lock_while_asleep_does_not_write)
{
	struct repo *r = fresh("asleep");
	struct gitdir g;
	struct lockfile mine = LOCKFILE_NONE;
	struct oid got, a = oid_of(1);
	bool lost;

	assert_ok(gitdir_open(&g, repo_path(r), FAULT_FAIL));
	assert_ok(lockfile_take(&mine, &g, "refs/heads/main", "x"));
	g.patience = 100;
	assert_ok(refdb_move(&g, "refs/heads/main", NULL, &a));
	assert_ok(lockfile_commit(&mine, &g, bytes_of("x"), &lost));
	assert_true(lost);
	assert_ok(repo_ref(&got, r, "refs/heads/main"));
	assert_true(oid_eq(&got, &a));
	gitdir_close(&g);
	repo_close(r);
}

TEST(a_noted_lock_of_a_dead_process_goes_at_once_and_no_other)
{
	struct repo *r = fresh("notes");
	struct gitdir g;
	struct lockfile l = LOCKFILE_NONE;
	char *ours = at("notes/refs/heads/main.lock"), *notes = at("locks");
	char *theirs = at("notes/refs/heads/other.lock");

	assert_ok(gitdir_open(&g, repo_path(r), FAULT_FAIL));
	g.notes = notes;
	if (fork() == 0) {
		if (lockfile_take(&l, &g, "refs/heads/main", "beef") != NULL)
			_exit(1);
		lockfile_note(&g, theirs, "beef");
		_exit(0);
	}
	wait(NULL);
	assert_true(file_exists(ours));
	/* Noted, but another device was first: its text is not ours. */
	write_text(theirs, "cafe");
	lockfile_clean(&g);
	assert_false(file_exists(ours));
	assert_true(file_exists(theirs));
	assert_false(file_exists(notes));
	/* A living process keeps its lock. */
	assert_ok(lockfile_take(&l, &g, "refs/heads/main", "beef"));
	if (fork() == 0) {
		lockfile_clean(&g);
		_exit(0);
	}
	wait(NULL);
	assert_true(file_exists(ours));
	lockfile_drop(&l);
	assert_false(file_exists(ours));
	free(ours);
	free(theirs);
	gitdir_close(&g);
	repo_close(r);
}

int
main(void)
{
	int failed;

	if (!scratch_make() || secret_start() != NULL)
		return 1;
	failed = RUN(
	    T(a_new_repository_is_one_for_stock_git),
	    T(there_is_no_repository_where_there_is_none),
	    T(objects_have_gits_own_names_and_come_back),
	    T(type_length_and_absence_are_checked_before_reading),
	    T(a_flipped_bit_anywhere_in_a_loose_object_is_noticed),
	    T(a_tree_is_sorted_and_reads_back),
	    T(a_tree_with_anything_but_plain_files_is_refused),
	    T(a_merge_takes_each_sides_change_and_refuses_two_of_one_path),
	    T(a_pack_is_whole_for_git_and_for_us),
	    T(a_pack_that_cannot_be_completed_leaves_nothing),
	    T(many_packs_become_few_and_a_reader_beside_finds_everything),
	    T(a_damaged_pack_stops_consolidation_before_anything_is_removed),
	    T(tidying_removes_what_a_dead_process_left_and_packs_loose_objects),
	    T(a_ref_moves_only_from_where_it_is),
	    T(names_that_lead_elsewhere_are_no_refs),
	    T(refs_are_listed_sorted_and_bounded_packed_ones_too),
	    T(of_many_who_swap_at_once_exactly_one_wins_each_time),
	    T(a_lock_is_broken_when_nobody_touched_it_for_long_enough),
	    T(the_clock_of_locks_goes_on_by_itself),
	    T(who_lost_the_lock_while_asleep_does_not_write),
	    T(a_noted_lock_of_a_dead_process_goes_at_once_and_no_other));
	if (!scratch_remove())
		failed++;
	return failed;
}
