/*
 * The database is rewritten under a new key: killed at every call, with every
 * call failing, beside other processes.
 */
#include "tests/unit/calls.h"
#include "tests/unit/scratch.h"

#include <dirent.h>
#include <poll.h>
#include <sys/wait.h>

#include <sodium.h>

#include "fieldkit/page.h"
#include "fieldkit/rewrite.h"
#include "fieldkit/vault.h"
#include "sync/base/id.h"

#define NOTES 120
#ifdef SANITIZED
#define STRIDE 7
#else
#define STRIDE 1
#endif

static const struct id device = { "device number 1" };
static uint8_t *master, first_key[32];
static char *home;			/* where all happens */
static struct buf good[3];		/* its files as they were made */
static struct hash want;		/* what stands in the database */
static const char *const files[3] = { "keyfile.a", "keyfile.b", "device.db" };

static char *
file_of(const char *name)
{
	static char path[2][400];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof path[turn], "%.100s/%.256s", home, name);
	return path[turn];
}

static fault
contents(struct db *db, struct hash *h)
{
	struct buf all = BUF_EMPTY;
	struct stmt *s = db_prepare(db, "SELECT body FROM note ORDER BY id");
	bool row;
	fault f;

	while ((f = stmt_step(s, &row)) == NULL && row)
		buf_add_bytes(&all, stmt_get(s, 0));
	*h = hash_of(buf_view(&all));
	buf_free(&all);
	return f;
}

static struct rewrite
of(struct keyfile *k)
{
	return (struct rewrite){ home, device, k, master };
}

/* As a command does: keyfile, then database. */
static fault
enter(struct keyfile *k, struct db **db)
{
	struct rewrite r = of(k);
	fault f = keyfile_read(k, home);

	return f != NULL ? f : rewrite_open(db, &r, false);
}

static void
leave(struct keyfile *k, struct db *db)
{
	db_close(db);
	vault_forget(file_of("device.db"));
	keyfile_free(k);
}

static void
make(void)
{
	uint8_t paper[32], paper_sk[32], *dk = NULL;
	struct keyfile k = { 0 };
	struct db *db = NULL;
	struct rewrite r;

	crypto_box_keypair(paper, paper_sk);
	assert_ok(file_mkdir(home, 0700));
	assert_ok(keyfile_create(home, &device, true, bytes_of("x"), paper,
	    &master));
	assert_ok(keyfile_read(&k, home));
	r = of(&k);
	assert_ok(rewrite_open(&db, &r, true));
	assert_ok(db_exec(db, "CREATE TABLE note (id INTEGER PRIMARY KEY, "
	    "body BLOB NOT NULL) STRICT; CREATE INDEX i ON note (body);"
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < 120) INSERT INTO note (body) "
	    "SELECT CAST('note ' || i || hex(zeroblob(200)) AS BLOB) FROM n"));
	assert_ok(contents(db, &want));
	assert_ok(keyfile_database_key(&dk, &k, master));
	memcpy(first_key, dk, 32);
	secret_free(dk, 32);
	leave(&k, db);
	for (int i = 0; i < 3; i++)
		assert_ok(file_read(&good[i], file_of(files[i]), 1 << 20));
}

/* The home as it was made. */
static void
again(void)
{
	assert_ok(file_remove_tree(home));
	assert_ok(file_mkdir(home, 0700));
	for (int i = 0; i < 3; i++) {
		FILE *out = fopen(file_of(files[i]), "w");

		assert_non_null(out);
		assert_int_equal(fwrite(good[i].at, 1, good[i].len, out),
		    good[i].len);
		assert_int_equal(fclose(out), 0);
	}
}

/* --- what must hold afterwards ------------------------------------------ */

/* Does any page of any file open with the key?  Any of the keyfile's? */
static size_t
opened_by(const uint8_t raw[32])
{
	struct page_key key;
	struct buf b = BUF_EMPTY;
	uint8_t out[PAGE_LEN];
	struct dirent *e;
	size_t n = 0;
	DIR *d = opendir(home);

	memcpy(key.key, raw, 32);
	memcpy(key.store, device.b, 16);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		buf_clear(&b);
		assert_ok(file_read(&b, file_of(e->d_name), 1 << 20));
		for (size_t i = 0; i + PAGE_LEN <= b.len; i += PAGE_LEN)
			n += page_open(out, b.at + i, &key, PAGE_DATABASE,
			    (uint32_t)(i / PAGE_LEN + 1));
	}
	closedir(d);
	buf_free(&b);
	return n;
}

/* Is the wrapped form of the key in the file anywhere? */
static bool
keyfile_has(const char *name, const uint8_t raw[32])
{
	uint8_t wrap[32], out[32];
	struct buf b = BUF_EMPTY;
	bool has = false;

	crypto_kdf_derive_from_key(wrap, 32, 2, "kit1kfil", master);
	assert_ok(file_read(&b, file_of(name), 4096));
	for (size_t at = 0; at + 72 <= b.len; at++)
		if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL,
		    b.at + at + 24, 48, b.at, 24, b.at + at, wrap) == 0)
			has |= memcmp(out, raw, 32) == 0;
	buf_free(&b);
	return has;
}

struct count {
	unsigned	runs, told, old, unopened, lost, broken, left;
};

/* Files that may be there once a home was opened.  What a kill has left of
 * the first copy with two keys waits for the next writing of the keyfile. */
static bool
expected(const char *name, bool taken_back)
{
	static const char *const may[] = { "keyfile.a", "keyfile.b",
	    "keyfile.lock", "device.db", "device.db-journal", ".", ".." };

	for (size_t i = 0; i < sizeof may / sizeof *may; i++)
		if (strcmp(name, may[i]) == 0)
			return true;
	return taken_back && strncmp(name, "keyfile.", 8) == 0 &&
	    strstr(name, ".tmp") != NULL;
}

static bool
tidy(bool taken_back)
{
	struct buf a = BUF_EMPTY, b = BUF_EMPTY;
	struct dirent *e;
	bool yes = true;
	DIR *d = opendir(home);

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (!expected(e->d_name, taken_back)) {
			print_message("# left: %s\n", e->d_name);
			yes = false;
		}
	closedir(d);
	assert_ok(file_read(&a, file_of("keyfile.a"), 4096));
	assert_ok(file_read(&b, file_of("keyfile.b"), 4096));
	yes &= bytes_eq(buf_view(&a), buf_view(&b));
	buf_free(&a);
	buf_free(&b);
	return yes;
}

/* The next command: opens, has all, writes; afterwards there is one key. */
static void
check(struct count *c, bool finished)
{
	struct keyfile k = { 0 };
	struct db *db = NULL;
	struct hash now;
	bool old;

	c->runs++;
	if (enter(&k, &db) != NULL) {
		c->unopened++;
		keyfile_free(&k);
		return;
	}
	if (contents(db, &now) != NULL || !hash_eq(&now, &want))
		c->lost++;
	if (db_check(db) != NULL ||
	    db_exec(db, "UPDATE note SET body = body WHERE id = 7") != NULL)
		c->broken++;
	old = keyfile_has("keyfile.a", first_key);
	c->old += old;
	if (keyfile_database_keys(&k) != 1 || !tidy(old) ||
	    old != keyfile_has("keyfile.b", first_key) ||
	    old != (opened_by(first_key) > 0))
		c->left++;
	assert_false(old && finished);
	leave(&k, db);
}

static void
say_count(const struct count *c, const char *what, unsigned least)
{
	print_message("# %s: %u states, %u taken back, %u unopened, %u lost, "
	    "%u broken, %u with remains\n", what, c->runs, c->old,
	    c->unopened, c->lost, c->broken, c->left);
	assert_true(c->runs * STRIDE >= least);
	assert_true(c->old > 0 && c->old < c->runs);
	assert_int_equal(c->unopened, 0);
	assert_int_equal(c->lost, 0);
	assert_int_equal(c->broken, 0);
	assert_int_equal(c->left, 0);
	assert_int_equal(vault_odd(), 0);
}

/* --- one process -------------------------------------------------------- */

/* Rewrite as a command would; the call `at` ends as `end` says. */
static fault
story(enum calls_end end, unsigned at, struct db **db, struct keyfile *k)
{
	struct rewrite r = of(k);
	fault f;

	assert_ok(enter(k, db));
	calls_start(end, at);
	f = rewrite(db, &r);
	calls.end = CALLS_WELL;
	return f;
}

TEST(a_rewritten_database_has_all_and_nothing_opens_with_the_old_key)
{
	struct keyfile k = { 0 };
	struct count c = { 0 };
	struct db *db = NULL;
	struct stat before, after;
	struct hash now;

	again();
	assert_int_equal(opened_by(first_key), good[2].len / PAGE_LEN);
	assert_true(keyfile_has("keyfile.a", first_key));
	assert_int_equal(stat(file_of("device.db"), &before), 0);
	assert_ok(story(CALLS_WELL, 0, &db, &k));
	assert_int_equal(stat(file_of("device.db"), &after), 0);
	assert_true(before.st_ino != after.st_ino);
	assert_int_equal(after.st_mode & 0777, 0600);
	assert_ok(contents(db, &now));
	assert_true(hash_eq(&now, &want));
	assert_ok(db_exec(db, "UPDATE note SET body = body WHERE id = 1"));
	assert_int_equal(opened_by(first_key), 0);
	assert_true(tidy(false));
	leave(&k, db);
	check(&c, true);
	assert_int_equal(c.lost + c.unopened + c.broken + c.left, 0);
}

/* The place of what in the log, behind from; fails if it is not there. */
static size_t
find_call(const char *what, size_t from)
{
	for (size_t i = from; i < calls.nlog; i++)
		if (strncmp(calls.log[i], what, strlen(what)) == 0)
			return i + 1;
	fail_msg("'%s' does not follow line %zu", what, from);
	return 0;
}

static size_t
find_keyfiles(size_t at, const char *folder)
{
	static const char *const copy[2] = { "keyfile.a.", "keyfile.b." };
	char what[64];

	for (int i = 0; i < 2; i++) {
		snprintf(what, sizeof what, "sync %s", copy[i]);
		at = find_call(what, at);
		snprintf(what, sizeof what, "rename %s", copy[i]);
		at = find_call(what, at);
		at = find_call(folder, at);
	}
	return at;
}

/* So a power cut cannot leave what a kill could not. */
TEST(each_step_is_on_the_disk_before_the_next)
{
	struct keyfile k = { 0 };
	struct db *db = NULL;
	char folder[64];
	size_t at;

	again();
	snprintf(folder, sizeof folder, "sync %s", strrchr(home, '/') + 1);
	calls.logging = true;
	assert_ok(story(CALLS_WELL, 0, &db, &k));
	calls.logging = false;
	at = find_keyfiles(0, folder);
	at = find_call("write device.db.new", at);
	at = find_call("rename device.db.new", at);
	assert_string_equal(calls.log[at - 2], "sync device.db.new");
	for (size_t i = at; i < calls.nlog; i++)
		assert_null(strstr(calls.log[i], "write device.db"));
	at = find_call(folder, at);
	find_keyfiles(at, folder);
	leave(&k, db);
}

/* --- killed, failing ---------------------------------------------------- */

/* In a process of its own; true if the call was reached. */
static bool
killed_at(unsigned n)
{
	struct keyfile k = { 0 };
	struct db *db = NULL;
	int status = 0;
	pid_t pid;

	if ((pid = fork()) == 0)
		_exit(story(CALLS_KILL, n, &db, &k) != NULL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || status == 0);
	return WIFSIGNALED(status);
}

TEST(killed_at_any_call_it_is_finished_or_taken_back_at_the_next_unlock)
{
	struct count c = { 0 };
	bool hit = true;

	for (unsigned n = 1; hit; n += STRIDE) {
		again();
		hit = killed_at(n);
		check(&c, !hit);
	}
	say_count(&c, "kills", 100);
}

/* Killed, then the next command killed while it puts that right. */
static bool
killed_again_at(unsigned n)
{
	struct keyfile k = { 0 };
	struct db *db = NULL;
	int status = 0;
	pid_t pid;

	if ((pid = fork()) == 0) {
		calls_start(CALLS_KILL, n);
		_exit(enter(&k, &db) != NULL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status);
}

TEST(killed_while_it_is_put_right_it_is_put_right_by_the_one_after)
{
	unsigned total = 0;
	struct count c = { 0 };

	again();
	while (killed_at(total + 1)) {
		total++;
		again();
	}
	for (unsigned first = 1; first <= total; first += 13)
		for (unsigned n = 1;; n += 3 * STRIDE) {
			bool hit;

			again();
			assert_true(killed_at(first));
			hit = killed_again_at(n);
			check(&c, false);
			if (!hit)
				break;
		}
	say_count(&c, "kills of the one after", 60);
}

/* The same process goes on, as the web app would. */
static bool
goes_on(struct db *db)
{
	struct hash now;

	return db == NULL ||
	    (contents(db, &now) == NULL && hash_eq(&now, &want));
}

static bool
failing_at(struct count *c, enum calls_end end, unsigned n)
{
	struct keyfile k = { 0 };
	struct db *db = NULL;
	unsigned failed;
	fault f;

	again();
	f = story(end, n, &db, &k);
	failed = calls.failed;
	c->told += f != NULL;
	if (!goes_on(db))
		c->broken++;
	leave(&k, db);
	check(c, f == NULL);
	return failed > 0;
}

static void
all_failing(enum calls_end end, const char *what)
{
	struct count c = { 0 };
	unsigned n = 1;

	while (failing_at(&c, end, n))
		n += STRIDE;
	print_message("# %s: told %u of %u times\n", what, c.told, c.runs);
	/* A single failed call may be one that can be done without. */
	if (end != CALLS_ONCE)
		assert_int_equal(c.told + 1, c.runs);
	say_count(&c, what, 40);
}

TEST(a_call_that_fails_once_loses_nothing)
{
	all_failing(CALLS_ONCE, "once");
}

TEST(a_disk_that_fails_for_good_loses_nothing)
{
	all_failing(CALLS_STICKY, "for good");
}

TEST(a_disk_that_is_full_loses_nothing)
{
	all_failing(CALLS_FULL, "full");
}

/* And it says so, whichever page of the copy found no room. */
TEST(a_disk_that_fills_up_during_the_copy_is_named)
{
	struct keyfile k = { 0 };
	struct db *db = NULL;
	unsigned pages = 0;
	fault f;

	for (unsigned n = 1;; n += 3) {
		again();
		f = story(CALLS_FULL, n, &db, &k);
		if (f != NULL && strstr(f->text, "the disk is full") != NULL) {
			pages++;
			assert_non_null(db);
		}
		assert_true(goes_on(db));
		leave(&k, db);
		if (calls.failed == 0)
			break;
	}
	assert_true(pages > 5);
}

/* --- several processes -------------------------------------------------- */

static bool
is_moved(fault f)
{
	return f != NULL && f->code == FAULT_FAIL &&
	    strstr(f->text, "rewritten by another process") != NULL;
}

static void
old_hand(int ready, int go)
{
	struct keyfile k = { 0 };
	struct rewrite r = of(&k);
	struct db *db = NULL;
	struct hash now;
	char c;

	if (enter(&k, &db) != NULL || write(ready, "r", 1) != 1 ||
	    read(go, &c, 1) != 1)
		_exit(1);
	if (!is_moved(db_exec(db, "UPDATE note SET body = x'00'")) ||
	    !is_moved(contents(db, &now)) || !is_moved(rewrite(&db, &r)))
		_exit(2);
	db_close(db);
	db = NULL;
	/* With the keyfile as it was: its key opens nothing any more. */
	k.stale[0] = k.stale[1] = false;
	if (rewrite_open(&db, &r, false) != NULL ||
	    contents(db, &now) != NULL || !hash_eq(&now, &want))
		_exit(3);
	_exit(0);
}

TEST(who_had_it_open_is_told_and_opens_it_again_with_the_new_key)
{
	int ready[2], go[2], status;
	struct keyfile k = { 0 };
	struct db *db = NULL;
	struct hash now;
	pid_t pid;
	char c;

	again();
	assert_int_equal(pipe(ready) | pipe(go), 0);
	if ((pid = fork()) == 0) {
		close(go[1]);
		old_hand(ready[1], go[0]);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_ok(story(CALLS_WELL, 0, &db, &k));
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(contents(db, &now));
	assert_true(hash_eq(&now, &want));
	leave(&k, db);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(go[i]);
	}
}

/* A second connection of the same process is no way around it. */
TEST(a_second_connection_of_the_same_process_is_told_too)
{
	struct keyfile k = { 0 }, k2 = { 0 };
	struct db *db = NULL, *other = NULL;
	struct hash now;

	again();
	assert_ok(enter(&k2, &other));
	assert_ok(story(CALLS_WELL, 0, &db, &k));
	assert_true(is_moved(contents(other, &now)));
	assert_true(is_moved(db_begin(other)));
	db_close(other);
	keyfile_free(&k2);
	leave(&k, db);
}

TEST(who_is_writing_is_waited_for_and_named)
{
	struct keyfile k = { 0 }, k2 = { 0 };
	struct db *db = NULL, *other = NULL;
	struct rewrite r = of(&k);
	fault f;

	again();
	assert_ok(enter(&k2, &other));
	assert_ok(enter(&k, &db));
	assert_ok(db_begin(other));
	db_patience(db, 100);
	f = rewrite(&db, &r);
	assert_non_null(f);
	assert_non_null(strstr(f->text, "is in use by"));
	assert_int_equal(keyfile_database_keys(&k), 1);
	assert_ok(db_exec(other, "DELETE FROM note WHERE id = 1"));
	assert_ok(db_end(other, NULL));
	assert_ok(rewrite(&db, &r));
	db_close(other);
	keyfile_free(&k2);
	leave(&k, db);
}

/* Saves until told to stop; each that was acknowledged is counted. */
static void
save_on(int until, int count)
{
	struct pollfd p = { until, POLLIN, 0 };
	unsigned n = 0, moved = 0;
	fault f = NULL;

	while (poll(&p, 1, 0) == 0) {
		struct keyfile k = { 0 };
		struct db *db = NULL;

		f = enter(&k, &db);
		for (int i = 0; f == NULL && i < 3; i++) {
			f = db_exec(db, "INSERT INTO note (body) "
			    "VALUES (x'aa')");
			n += f == NULL;
		}
		leave(&k, db);
		if (is_moved(f)) {
			moved++;
			f = NULL;
		}
		if (f != NULL) {
			fprintf(stderr, "saving: %s\n", f->text);
			_exit(1);
		}
	}
	_exit(write(count, &n, sizeof n) == sizeof n &&
	    write(count, &moved, sizeof moved) == sizeof moved ? 0 : 2);
}

static int64_t
saved(struct db *db)
{
	struct stmt *s = db_prepare(db, "SELECT count(*) FROM note "
	    "WHERE body = x'aa'");
	int64_t n = -1;
	bool row;

	assert_ok(stmt_step(s, &row));
	n = stmt_get_int(s, 0);
	stmt_reset(s);
	return n;
}

#define ROUNDS_BESIDE 40

TEST(what_others_save_while_it_is_rewritten_forty_times_is_there)
{
	int until[2], count[2], status;
	struct keyfile k = { 0 };
	struct db *db = NULL;
	unsigned n, moved;
	pid_t pid;

	again();
	assert_int_equal(pipe(until) | pipe(count), 0);
	if ((pid = fork()) == 0) {
		close(until[1]);	/* so that it ends with us */
		save_on(until[0], count[1]);
	}
	for (int i = 0; i < ROUNDS_BESIDE; i++) {
		assert_ok(story(CALLS_WELL, 0, &db, &k));
		poll(NULL, 0, 3);
		leave(&k, db);
		db = NULL;
	}
	assert_int_equal(write(until[1], "x", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(count[0], &n, sizeof n), sizeof n);
	assert_int_equal(read(count[0], &moved, sizeof moved), sizeof moved);
	assert_ok(enter(&k, &db));
	print_message("# %u saves beside, %u times told\n", n, moved);
	assert_int_equal(saved(db), n);
	assert_ok(db_check(db));
	assert_int_equal(vault_odd(), 0);
	leave(&k, db);
	for (int i = 0; i < 2; i++) {
		close(until[i]);
		close(count[i]);
	}
}

/* --- what others have left --------------------------------------------- */

/* A power cut can leave one that SQLite does not think hot. */
TEST(a_journal_of_zeros_that_a_power_cut_left_is_emptied_first)
{
	struct keyfile k = { 0 };
	struct db *db = NULL;
	struct hash now;
	struct stat st;

	again();
	write_text(file_of("device.db-journal"), "%s", "");
	assert_int_equal(truncate(file_of("device.db-journal"), 20000), 0);
	assert_ok(story(CALLS_WELL, 0, &db, &k));
	assert_int_equal(stat(file_of("device.db-journal"), &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_ok(contents(db, &now));
	assert_true(hash_eq(&now, &want));
	leave(&k, db);
}

/* Process 1 is always there, so its number does not keep the file. */
TEST(what_a_killed_process_left_of_a_keyfile_goes)
{
	struct keyfile k = { 0 };
	struct db *db = NULL;

	again();
	write_text(file_of("keyfile.a.1.tmp"), "%s", "x");
	write_text(file_of("keyfile.b.1.tmp"), "%s", "x");
	write_text(file_of("device.db.new"), "%s", "x");
	assert_ok(story(CALLS_WELL, 0, &db, &k));
	assert_true(tidy(false));
	leave(&k, db);
}

static int
run_all(void)
{
	return RUN(
	    T(a_rewritten_database_has_all_and_nothing_opens_with_the_old_key),
	    T(each_step_is_on_the_disk_before_the_next),
	    T(killed_at_any_call_it_is_finished_or_taken_back_at_the_next_unlock),
	    T(killed_while_it_is_put_right_it_is_put_right_by_the_one_after),
	    T(a_call_that_fails_once_loses_nothing),
	    T(a_disk_that_fails_for_good_loses_nothing),
	    T(a_disk_that_is_full_loses_nothing),
	    T(a_disk_that_fills_up_during_the_copy_is_named),
	    T(who_had_it_open_is_told_and_opens_it_again_with_the_new_key),
	    T(a_second_connection_of_the_same_process_is_told_too),
	    T(who_is_writing_is_waited_for_and_named),
	    T(what_others_save_while_it_is_rewritten_forty_times_is_there),
	    T(a_journal_of_zeros_that_a_power_cut_left_is_emptied_first),
	    T(what_a_killed_process_left_of_a_keyfile_goes));
}

int
main(void)
{
	int rc;

	if (!scratch_make() || secret_start() != NULL ||
	    vault_start(NULL) != NULL)
		return 1;
	home = at("home");
	make();
	rc = run_all();
	for (int i = 0; i < 3; i++)
		buf_free(&good[i]);
	secret_free(master, MASTER_LEN);
	free(home);
	return scratch_remove() ? rc : 1;
}
