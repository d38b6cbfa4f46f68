#include "tests/unit/scratch.h"

#include "fieldkit/home.h"
#include "fieldkit/vault.h"

/* A practice home in scratch with one hub; *path is the caller's. */
static void
some_home(char **path, const char *name)
{
	static const uint8_t paper[32] = { 9 };
	struct home h = HOME_EMPTY;

	*path = at(name);
	h.path = mem_text(*path);
	h.practice = true;
	h.project = id_random();
	h.device = id_random();
	assert_ok(file_mkdir(*path, 0700));
	assert_ok(home_build(&h, bytes_of("geheim"), paper));
	home_add_hub(&h, "eerste", "/media/een");
	assert_ok(home_save_hubs(&h));
	home_close(&h);
}

/* As another process would, between two steps of ours. */
static void
elsewhere_add(const char *path, const char *name)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct home h;

	assert_ok(home_open(&h, path));
	assert_ok(home_hubs_lock(&lock, &h));
	home_add_hub(&h, name, "/media/elders");
	assert_ok(home_save_hubs(&h));
	file_unlock(&lock);
	home_close(&h);
}

static size_t
hubs_in(const char *path)
{
	struct home h;
	size_t n;

	assert_ok(home_open(&h, path));
	n = h.nhubs;
	home_close(&h);
	return n;
}

TEST(a_hub_that_another_added_meanwhile_stays)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct id hub = id_random();
	struct home h;
	char *path;

	some_home(&path, "added");
	assert_ok(home_open(&h, path));
	elsewhere_add(path, "tweede");
	assert_int_equal(h.nhubs, 1);
	assert_ok(home_hubs_lock(&lock, &h));
	assert_int_equal(h.nhubs, 2);
	home_hub(&h, "eerste")->id = hub;
	home_hub(&h, "eerste")->last_sync = 7;
	assert_ok(home_save_hubs(&h));
	file_unlock(&lock);
	home_close(&h);
	assert_ok(home_open(&h, path));
	assert_int_equal(h.nhubs, 2);
	assert_string_equal(home_hub(&h, "tweede")->url, "/media/elders");
	assert_true(id_eq(&home_hub(&h, "/media/een")->id, &hub));
	assert_int_equal(home_hub(&h, "eerste")->last_sync, 7);
	home_close(&h);
	free(path);
}

TEST(a_hub_that_another_removed_meanwhile_does_not_come_back)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct home h, other;
	char *path;

	some_home(&path, "removed");
	elsewhere_add(path, "tweede");
	assert_ok(home_open(&h, path));
	assert_ok(home_open(&other, path));
	assert_ok(home_hubs_lock(&lock, &other));
	home_drop_hub(&other, home_hub(&other, "eerste"));
	assert_ok(home_save_hubs(&other));
	file_unlock(&lock);
	home_close(&other);
	assert_non_null(home_hub(&h, "eerste"));
	assert_ok(home_hubs_lock(&lock, &h));
	assert_null(home_hub(&h, "eerste"));
	assert_non_null(home_hub(&h, "tweede"));
	assert_ok(home_save_hubs(&h));
	file_unlock(&lock);
	home_close(&h);
	assert_int_equal(hubs_in(path), 1);
	free(path);
}

TEST(the_last_and_the_only_hub_can_go)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct home h;
	char *path;

	some_home(&path, "last");
	elsewhere_add(path, "tweede");
	assert_ok(home_open(&h, path));
	assert_ok(home_hubs_lock(&lock, &h));
	home_drop_hub(&h, home_hub(&h, "tweede"));
	assert_int_equal(h.nhubs, 1);
	assert_string_equal(h.hubs[0].name, "eerste");
	home_drop_hub(&h, &h.hubs[0]);
	assert_ok(home_save_hubs(&h));
	file_unlock(&lock);
	home_close(&h);
	assert_int_equal(hubs_in(path), 0);
	free(path);
}

TEST(a_list_that_cannot_be_read_is_not_replaced)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct home h;
	char *path, *hubs;

	some_home(&path, "unread");
	assert_ok(home_open(&h, path));
	hubs = home_file(&h, "hubs");
	assert_int_equal(truncate(hubs, 65537), 0);
	assert_fault(FAULT_FORMAT, home_hubs_lock(&lock, &h));
	assert_int_equal(lock.fd, -1);
	assert_int_equal(h.nhubs, 1);
	home_close(&h);
	free(hubs);
	free(path);
}

int
main(void)
{
	int r;

	if (!scratch_make() ||
	    secret_start() != NULL || vault_start(NULL) != NULL)
		return 1;
	r = RUN(
	    T(a_hub_that_another_added_meanwhile_stays),
	    T(a_hub_that_another_removed_meanwhile_does_not_come_back),
	    T(the_last_and_the_only_hub_can_go),
	    T(a_list_that_cannot_be_read_is_not_replaced));
	return scratch_remove() ? r : 1;
}
