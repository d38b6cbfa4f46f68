/*
 * The n-th operation of the disk fails, or the n-th allocation of SQLite's:
 * for every n the store opens afterwards, is whole, has everything that was
 * acknowledged, and the caller was told.
 */
#include "tests/unit/tally.h"

#define STEPS 6
#ifdef SANITIZED
#define STRIDE 5
#else
#define STRIDE 1
#endif

static sqlite3_mem_methods heap;
static struct {
	bool		on, sticky;
	unsigned	count, fail_at, failed;
} oom;

static bool
heap_fails(void)
{
	bool now;

	if (!oom.on)
		return false;
	now = ++oom.count == oom.fail_at || (oom.sticky && oom.failed > 0);
	oom.failed += now;
	return now;
}

static void *
heap_malloc(int n)
{
	return heap_fails() ? NULL : heap.xMalloc(n);
}

static void *
heap_realloc(void *p, int n)
{
	return heap_fails() ? NULL : heap.xRealloc(p, n);
}

static void
start(void)
{
	sqlite3_mem_methods ours;

	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &heap);
	ours = heap;
	ours.xMalloc = heap_malloc;
	ours.xRealloc = heap_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
	disk_start();
}

/* The story until its end or first fault; *done is the last step that was
 * acknowledged: -1 none, 0 the schema. */
static fault
story(struct db **db, int *done)
{
	fault f;

	*done = -1;
	if ((f = tally_open(db)) != NULL)
		return f;
	if ((f = tally_schema(*db)) != NULL)
		return f;
	for (*done = 0; *done < STEPS; (*done)++)
		if ((f = tally_step(*db, (unsigned)*done + 1)) != NULL)
			return f;
	return NULL;
}

/* One step further from where the store stands. */
static bool
go_on(struct db *db)
{
	struct hash h;
	int n;

	if (tally_state(db, &n, &h) != NULL)
		return false;
	if (n < 0 && tally_schema(db) != NULL)
		return false;
	n = n < 0 ? 1 : n + 1;
	return tally_step(db, (unsigned)n) == NULL && tally_fits(db, n, n);
}

static void
well_again(void)
{
	disk_fail(DISK_WELL, 0);
	oom.on = false;
}

struct count {
	unsigned	runs, silent, unopened, lost, broken, stuck;
};

/* Stay: the same process goes on after the fault, as the web app does. */
static void
check(struct count *c, struct db *db, int done, bool stay)
{
	well_again();
	if (stay && db != NULL && !go_on(db))
		c->stuck++;
	done += stay && db != NULL;
	db_close(db);
	db = NULL;
	if (tally_open(&db) != NULL) {
		c->unopened++;
		return;
	}
	if (!tally_fits(db, done, done + 1))
		c->lost++;
	if (db_check(db) != NULL)
		c->broken++;
	if (!go_on(db))
		c->stuck++;
	db_close(db);
}

static void
forget_disk(void)
{
	well_again();
	disk_clear();
}

static void
say_count(const struct count *c, const char *what)
{
	print_message("# %s: %u runs, %u unopened, %u lost, %u broken, "
	    "%u stuck, %u times nobody was told\n", what, c->runs,
	    c->unopened, c->lost, c->broken, c->stuck, c->silent);
	assert_true(c->runs * STRIDE > 150);
	assert_int_equal(c->unopened, 0);
	assert_int_equal(c->lost, 0);
	assert_int_equal(c->broken, 0);
	assert_int_equal(c->stuck, 0);
	assert_int_equal(vault_odd(), 0);
}

/* Returns false when the story ended before the n-th operation. */
static bool
one_disk(struct count *c, enum disk_fault how, unsigned n, bool stay)
{
	struct db *db = NULL;
	unsigned failed;
	int done;
	fault f;

	forget_disk();
	disk_fail(how, n);
	f = story(&db, &done);
	if ((failed = disk.failed) > 0) {
		c->runs++;
		c->silent += f == NULL;
	}
	check(c, db, done, stay);
	return failed > 0;
}

static bool
one_heap(struct count *c, bool sticky, unsigned n, bool stay)
{
	struct db *db = NULL;
	unsigned failed;
	int done;
	fault f;

	forget_disk();
	oom.on = true;
	oom.sticky = sticky;
	oom.fail_at = n;
	oom.count = oom.failed = 0;
	f = story(&db, &done);
	if ((failed = oom.failed) > 0) {
		c->runs++;
		c->silent += f == NULL;
	}
	check(c, db, done, stay);
	return failed > 0;
}

static void
learn(void)
{
	struct db *db = NULL;

	forget_disk();
	assert_ok(tally_open(&db));
	tally_learn(db, STEPS + 3, NULL);
	db_close(db);
}

static void
all_disk(enum disk_fault how, bool stay, const char *what)
{
	struct count c = { 0 };

	learn();
	for (unsigned n = 1; one_disk(&c, how, n, stay); n += STRIDE)
		;
	forget_disk();
	say_count(&c, what);
	/* A single failed operation may be one that SQLite can do without. */
	if (how != DISK_ONCE)
		assert_int_equal(c.silent, 0);
}

TEST(an_operation_that_fails_once_loses_nothing)
{
	all_disk(DISK_ONCE, false, "disk, once");
}

TEST(after_an_operation_that_failed_once_the_process_goes_on)
{
	all_disk(DISK_ONCE, true, "disk, once, same process");
}

TEST(a_disk_that_fails_and_stays_so_loses_nothing)
{
	all_disk(DISK_STICKY, false, "disk, for good");
}

TEST(a_full_disk_loses_nothing)
{
	all_disk(DISK_FULL, false, "disk full");
}

TEST(after_a_full_disk_the_process_goes_on)
{
	all_disk(DISK_FULL, true, "disk full, same process");
}

static void
all_heap(bool sticky, bool stay, const char *what)
{
	struct count c = { 0 };

	learn();
	for (unsigned n = 1; one_heap(&c, sticky, n, stay); n += STRIDE)
		;
	forget_disk();
	say_count(&c, what);
}

TEST(an_allocation_that_fails_once_loses_nothing)
{
	all_heap(false, true, "memory, once");
}

TEST(allocations_that_fail_for_good_lose_nothing)
{
	all_heap(true, false, "memory, for good");
}

int
main(void)
{
	start();
	if (vault_start("disk") != NULL || secret_start() != NULL)
		return 1;
	tally_notes = 3;
	vault_key(TALLY_PATH, tally_key, tally_store);
	return RUN(T(an_operation_that_fails_once_loses_nothing),
	    T(after_an_operation_that_failed_once_the_process_goes_on),
	    T(a_disk_that_fails_and_stays_so_loses_nothing),
	    T(a_full_disk_loses_nothing),
	    T(after_a_full_disk_the_process_goes_on),
	    T(an_allocation_that_fails_once_loses_nothing),
	    T(allocations_that_fail_for_good_lose_nothing));
}
