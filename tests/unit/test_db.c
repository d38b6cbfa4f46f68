#include "fieldkit/db.h"
#include "fieldkit/db_fault.h"
#include "fieldkit/vault.h"
#include "sync/base/file.h"
#include "sync/base/lang.h"
#include "tests/unit/test.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CANARY "kanariegeel-4471-Zq"

static char home[32] = "/dev/shm/kit-db-XXXXXX";
static char *path, *journal;
static const uint8_t key[32] = "an invented database key, 32 b.";
static const uint8_t store[16] = "device number 1";

static struct db *
fresh(void)
{
	struct db *db = NULL;

	unlink(path);
	unlink(journal);
	assert_ok(db_open(&db, path, true));
	assert_ok(db_exec(db, "CREATE TABLE note (id INTEGER PRIMARY KEY, "
	    "body TEXT) STRICT"));
	return db;
}

static struct db *
again(void)
{
	struct db *db = NULL;

	assert_ok(db_open(&db, path, false));
	return db;
}

static int64_t
number(struct db *db, const char *sql)
{
	struct stmt *s = db_prepare(db, sql);
	int64_t n = -1;
	bool row;

	assert_ok(stmt_step(s, &row));
	if (row)
		n = stmt_get_int(s, 0);
	stmt_reset(s);
	return n;
}

static void
assert_text(struct db *db, const char *sql, const char *want)
{
	struct stmt *s = db_prepare(db, sql);
	bool row;

	assert_ok(stmt_step(s, &row));
	assert_true(row);
	assert_true(bytes_is(stmt_get(s, 0), want));
	stmt_reset(s);
}

static fault
insert(struct db *db, const char *body)
{
	struct stmt *s = db_prepare(db, "INSERT INTO note (body) VALUES (?1)");

	stmt_text(s, 1, bytes_of(body));
	return stmt_run(s);
}

/* --- opening ----------------------------------------------------------- */

TEST(a_store_opens_with_every_setting_in_place)
{
	struct db *db = fresh();

	assert_text(db, "PRAGMA journal_mode", "truncate");
	assert_text(db, "PRAGMA locking_mode", "normal");
	assert_int_equal(number(db, "PRAGMA synchronous"), 2);
	assert_int_equal(number(db, "PRAGMA temp_store"), 2);
	assert_int_equal(number(db, "PRAGMA secure_delete"), 1);
	assert_int_equal(number(db, "PRAGMA cell_size_check"), 1);
	assert_int_equal(number(db, "PRAGMA page_size"), 4096);
	/* No answer at all where a file cannot be mapped. */
	assert_true(number(db, "PRAGMA mmap_size") <= 0);
	assert_int_equal(number(db, "PRAGMA trusted_schema"), 0);
	db_close(db);
}

TEST(files_are_for_the_owner_only)
{
	struct db *db = fresh();
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(journal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 0);
	db_close(db);
}

TEST(an_absent_store_is_absent_and_an_empty_one_a_loss)
{
	struct db *db = NULL;

	unlink(path);
	assert_fault(FAULT_ABSENT, db_open(&db, path, false));
	assert_false(file_exists(path));
	assert_ok(file_write(path, BYTES_EMPTY, 0600));
	assert_fault(FAULT_TRUST, db_open(&db, path, false));
	assert_null(db);
}

TEST(a_new_store_knows_its_key_before_it_has_a_table)
{
	uint8_t other[32] = { 3 };
	struct db *db = NULL;

	unlink(path);
	assert_ok(db_open(&db, path, true));
	db_close(db);
	db = NULL;
	vault_key(path, other, store);
	assert_fault(FAULT_TRUST, db_open(&db, path, true));
	vault_key(path, key, store);
	assert_ok(db_open(&db, path, false));
	db_close(db);
}

TEST(a_linked_path_is_the_same_store)
{
	char *link_path = path_join(home, "link.db");
	struct db *db = fresh();

	assert_ok(insert(db, "een"));
	db_close(db);
	assert_int_equal(symlink(path, link_path), 0);
	db = NULL;
	assert_ok(db_open(&db, link_path, false));
	assert_int_equal(number(db, "SELECT count(*) FROM note"), 1);
	db_close(db);
	unlink(link_path);
	free(link_path);
}

TEST(no_other_file_can_be_opened_through_sql)
{
	struct db *db = fresh();

	assert_fault(FAULT_FAIL, db_exec(db, "ATTACH '/tmp/x.db' AS x"));
	assert_fault(FAULT_FAIL, db_exec(db, "ATTACH '' AS x"));
	assert_fault(FAULT_FAIL, db_exec(db, "VACUUM"));
	assert_fault(FAULT_FAIL, db_exec(db, "VACUUM INTO '/tmp/x.db'"));
	assert_fault(FAULT_FAIL, db_exec(db,
	    "SELECT load_extension('libm.so.6')"));
	assert_fault(FAULT_FAIL, db_exec(db, "PRAGMA writable_schema = ON;"
	    "DELETE FROM sqlite_schema"));
	assert_text(db, "PRAGMA journal_mode = WAL", "truncate");
	assert_false(file_exists("/tmp/x.db"));
	db_close(db);
}

TEST(a_copy_under_another_key_has_all_that_stands_and_nothing_else)
{
	static const uint8_t other[32] = "another invented key, 32 bytes.";
	char *to = path_join(home, "copy.db");
	struct db *db = fresh(), *copy = NULL;
	struct stat st;

	assert_ok(db_exec(db, "CREATE VIRTUAL TABLE words USING "
	    "fts5(text, content=''); INSERT INTO words VALUES('wieg')"));
	assert_ok(insert(db, "stays"));
	vault_key(to, other, store);
	assert_ok(db_copy(db, to));
	assert_ok(insert(db, "later"));
	assert_int_equal(stat(to, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* Only once, and only there. */
	assert_fault(FAULT_FAIL, db_copy(db, to));
	assert_fault(FAULT_FAIL, db_exec(db, "ATTACH '/tmp/x.db' AS x"));
	assert_ok(db_open(&copy, to, false));
	assert_int_equal(number(copy, "SELECT count(*) FROM note"), 1);
	assert_int_equal(number(copy, "SELECT count(*) FROM words "
	    "WHERE words MATCH 'wieg'"), 1);
	assert_ok(insert(copy, "goes on"));
	assert_ok(db_check(copy));
	db_close(copy);
	vault_key(to, key, store);
	assert_fault(FAULT_TRUST, db_open(&copy, to, false));
	vault_forget(to);
	unlink(to);
	free(to);
	to = path_join(home, "copy.db-journal");
	unlink(to);
	/* Without a key no file is made. */
	assert_fault(FAULT_FAIL, db_copy(db, to));
	assert_false(file_exists(to));
	assert_ok(db_begin(db));
	assert_fault(FAULT_FAIL, db_end(db, db_copy(db, to)));
	db_close(db);
	free(to);
}

/* --- statements -------------------------------------------------------- */

TEST(values_come_back_as_they_went_in)
{
	struct db *db = fresh();
	struct stmt *s;
	bool row;

	s = db_prepare(db, "SELECT ?1, ?2, ?3, ?4, ?5");
	stmt_int(s, 1, INT64_MIN);
	stmt_blob(s, 2, (struct bytes){ (const uint8_t *)"a\0b", 3 });
	stmt_text(s, 3, bytes_of("caf\xc3\xa9"));
	stmt_null(s, 4);
	stmt_blob(s, 5, BYTES_EMPTY);
	assert_ok(stmt_step(s, &row));
	assert_true(row);
	assert_true(stmt_get_int(s, 0) == INT64_MIN);
	assert_int_equal(stmt_get(s, 1).len, 3);
	assert_memory_equal(stmt_get(s, 1).at, "a\0b", 3);
	assert_true(bytes_is(stmt_get(s, 2), "caf\xc3\xa9"));
	assert_true(stmt_get_null(s, 3));
	assert_false(stmt_get_null(s, 4));
	assert_int_equal(stmt_get(s, 4).len, 0);
	assert_ok(stmt_step(s, &row));
	assert_false(row);
	db_close(db);
}

TEST(a_statement_is_cached_and_comes_reset_and_unbound)
{
	static const char sql[] = "SELECT ?1";
	char copy[sizeof sql];
	struct db *db = fresh();
	struct stmt *s = db_prepare(db, sql);
	bool row;

	strcpy(copy, sql);
	stmt_int(s, 1, 5);
	assert_ok(stmt_step(s, &row));
	assert_ptr_equal(db_prepare(db, copy), s);
	assert_ok(stmt_step(s, &row));
	assert_true(row && stmt_get_null(s, 0));
	stmt_reset(s);
	db_close(db);
}

TEST(a_value_that_is_too_long_is_a_fault_and_no_more)
{
	size_t len = (32u << 20) + 1;
	struct db *db = fresh();
	uint8_t *big = mem_new(len);
	struct stmt *s = db_prepare(db, "INSERT INTO note (body) VALUES (?1)");

	stmt_text(s, 1, (struct bytes){ big, len });
	assert_fault(FAULT_FAIL, stmt_run(s));
	assert_int_equal(number(db, "SELECT count(*) FROM note"), 0);
	free(big);
	db_close(db);
}

/* --- what SQLite refuses ------------------------------------------------ */

struct refusal {
	int		rc;
	enum fault_code	code;
	const char	*en, *nl;
};

static const struct refusal refusals[] = {
	{ SQLITE_FULL, FAULT_FAIL, "disk is full", "schijf is vol" },
	{ SQLITE_NOMEM, FAULT_FAIL, "memory ran out", "geheugen is op" },
	{ SQLITE_IOERR_WRITE, FAULT_FAIL, "read or written", "geschreven" },
	{ SQLITE_IOERR_DATA, FAULT_TRUST, "is damaged", "is beschadigd" },
	{ SQLITE_CORRUPT, FAULT_TRUST, "is damaged", "is beschadigd" },
	{ SQLITE_CORRUPT_VTAB, FAULT_TRUST, "is damaged", "is beschadigd" },
	{ SQLITE_NOTADB, FAULT_TRUST, "is damaged", "is beschadigd" },
	{ SQLITE_BUSY, FAULT_FAIL, "in use by", "in gebruik" },
	{ SQLITE_LOCKED, FAULT_FAIL, "in use by", "in gebruik" },
	{ SQLITE_READONLY, FAULT_DENIED, "no permission", "geen toestemming" },
	{ SQLITE_READONLY_DIRECTORY, FAULT_DENIED, "no permission",
	    "geen toestemming" },
	{ SQLITE_READONLY_ROLLBACK, FAULT_FAIL, "middle of a save",
	    "midden in het opslaan" },
	{ SQLITE_READONLY_DBMOVED, FAULT_FAIL, "was rewritten", "herschreven" },
	{ SQLITE_PERM, FAULT_DENIED, "no permission", "geen toestemming" },
	{ SQLITE_CANTOPEN, FAULT_FAIL, "cannot be opened", "gaat niet open" },
	{ SQLITE_INTERRUPT, FAULT_INTERRUPT, "interrupted", "onderbroken" },
	{ SQLITE_TOOBIG, FAULT_FAIL, "longer than", "langer dan" },
	{ SQLITE_CONSTRAINT_UNIQUE, FAULT_FAIL, "refused a step",
	    "weigerde een stap" },
	{ SQLITE_ERROR, FAULT_FAIL, "refused a step", "weigerde een stap" },
	{ SQLITE_MISUSE, FAULT_FAIL, "refused a step", "weigerde een stap" }
};

TEST(each_refusal_of_sqlite_has_a_sentence_and_an_exit_code)
{
	fault f;

	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		const struct refusal *r = &refusals[i];

		f = db_fault(NULL, "/nowhere/device.db", r->rc);
		assert_int_equal(f->code, r->code);
		assert_int_equal(f->detail, r->rc);
		assert_non_null(strstr(f->text, r->en));
		lang_set(LANG_NL);
		f = db_fault(NULL, "/nowhere/device.db", r->rc);
		lang_set(LANG_EN);
		assert_int_equal(f->code, r->code);
		assert_non_null(strstr(f->text, r->nl));
	}
}

/* What SQLite says of it may quote the statement, a column or a value. */
TEST(no_fault_holds_sql_or_sqlites_own_words)
{
	static const char *const fail[] = {
		"INSERT INTO note (id, body) VALUES (1, '" CANARY "')",
		"INSERT INTO note (id, body) VALUES (2, x'00')",
		"SELECT " CANARY " FROM note",
		"ATTACH '/tmp/x.db' AS x"
	};
	static const char *const words[] = { "INSERT", "SELECT", "ATTACH",
	    "note", "body", "constraint", "UNIQUE", "authorized", "syntax",
	    "column", CANARY };
	struct db *db = fresh();

	assert_ok(insert(db, "een"));
	for (size_t i = 0; i < sizeof fail / sizeof fail[0]; i++) {
		fault f = db_exec(db, fail[i]);

		assert_non_null(f);
		assert_true(f->detail != 0);
		for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
			assert_null(strstr(f->text, words[k]));
	}
	db_close(db);
}

/* --- transactions ------------------------------------------------------ */

TEST(only_the_outermost_end_commits)
{
	struct db *db = fresh();

	assert_ok(db_begin(db));
	assert_ok(db_begin(db));
	assert_ok(insert(db, "een"));
	assert_ok(db_end(db, NULL));
	assert_ok(insert(db, "twee"));
	assert_fault(FAULT_ABSENT, db_end(db, fault_new(FAULT_ABSENT, "x")));
	assert_int_equal(number(db, "SELECT count(*) FROM note"), 0);
	assert_ok(db_begin(db));
	assert_ok(insert(db, "drie"));
	assert_ok(db_end(db, NULL));
	assert_int_equal(number(db, "SELECT count(*) FROM note"), 1);
	assert_ok(insert(db, "vier"));
	assert_int_equal(db_last_id(db), 2);
	db_close(db);
}

TEST(an_inner_fault_undoes_the_whole_even_if_it_is_forgotten)
{
	struct db *db = fresh();

	assert_ok(db_begin(db));
	assert_ok(insert(db, "een"));
	assert_ok(db_begin(db));
	assert_fault(FAULT_TRUST, db_end(db, fault_new(FAULT_TRUST, "x")));
	assert_fault(FAULT_FAIL, db_end(db, NULL));
	assert_int_equal(number(db, "SELECT count(*) FROM note"), 0);
	db_close(db);
}

TEST(what_was_not_committed_is_gone_after_closing)
{
	struct db *db = fresh();

	assert_ok(db_begin(db));
	assert_ok(insert(db, "een"));
	db_close(db);
	db = again();
	assert_int_equal(number(db, "SELECT count(*) FROM note"), 0);
	assert_ok(db_check(db));
	db_close(db);
}

TEST(a_full_text_index_and_a_large_sort_need_no_other_file)
{
	struct db *db = fresh();
	struct dirent *e;
	DIR *d;
	int files = 0;

	assert_ok(db_exec(db, "CREATE VIRTUAL TABLE words USING "
	    "fts5(body, tokenize = 'unicode61')"));
	assert_ok(db_begin(db));
	assert_ok(db_exec(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
	    "SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO note (body) "
	    "SELECT hex(randomblob(200)) || ' regel ' || i FROM n"));
	assert_ok(db_exec(db, "INSERT INTO words SELECT body FROM note"));
	assert_ok(db_end(db, NULL));
	assert_ok(db_exec(db, "SELECT * FROM note ORDER BY substr(body, 7)"));
	assert_int_equal(number(db, "SELECT count(*) FROM words "
	    "WHERE words MATCH 'regel'"), 4000);
	d = opendir(home);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		files += e->d_name[0] != '.';
	closedir(d);
	assert_int_equal(files, 2);
	assert_ok(db_check(db));
	db_close(db);
}

/* --- what lies on the disk --------------------------------------------- */

static void
assert_no_canary(const char *file, size_t least)
{
	struct buf b = BUF_EMPTY;

	assert_ok(file_read(&b, file, 64u << 20));
	assert_true(b.len >= least);
	assert_null(memmem(b.at, b.len, CANARY, 10));
	assert_null(memmem(b.at, b.len, "SQLite format", 13));
	assert_null(memmem(b.at, b.len, "CREATE TABLE", 12));
	buf_free(&b);
}

/* The process dies in the middle of a transaction that has spilled. */
static void
die_half_way(void)
{
	struct db *db = again();

	if (db_exec(db, "PRAGMA cache_size = 3") != NULL ||
	    db_begin(db) != NULL || db_exec(db, "UPDATE note SET body = "
	    "body || 'nieuw " CANARY "'") != NULL)
		_exit(1);
	kill(getpid(), SIGKILL);
}

TEST(neither_the_database_nor_a_hot_journal_shows_a_word)
{
	struct db *db = fresh();
	int status;
	pid_t pid;

	assert_ok(db_exec(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
	    "SELECT i + 1 FROM n WHERE i < 900) INSERT INTO note (body) "
	    "SELECT '" CANARY "' || i FROM n"));
	db_close(db);
	assert_no_canary(path, 20000);
	if ((pid = fork()) == 0)
		die_half_way();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_no_canary(path, 20000);
	assert_no_canary(journal, 20000);
	db = again();
	assert_int_equal(number(db, "SELECT count(*) FROM note "
	    "WHERE body LIKE '%nieuw%'"), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM note"), 900);
	assert_ok(db_check(db));
	db_close(db);
}

/* --- several processes ------------------------------------------------- */

static void
write_hundred(const char *who)
{
	struct db *db = NULL;

	if (db_open(&db, path, false) != NULL)
		_exit(1);
	for (int i = 0; i < 100; i++) {
		fault f = db_begin(db);

		if (f == NULL)
			f = db_end(db, insert(db, who));
		if (f != NULL)
			_exit(2);
	}
	db_close(db);
	_exit(vault_odd() == 0 ? 0 : 3);
}

TEST(two_processes_that_write_at_once_lose_nothing)
{
	struct db *db = fresh();
	int status;
	pid_t pid[2];

	db_close(db);
	for (int i = 0; i < 2; i++)
		if ((pid[i] = fork()) == 0)
			write_hundred(i == 0 ? "amira" : "bas");
	/* And a reader beside them, as the app would be. */
	db = again();
	for (int i = 0; i < 20; i++)
		assert_true(number(db, "SELECT count(*) FROM note") >= 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(number(db, "SELECT count(*) FROM note"), 200);
	assert_int_equal(number(db, "SELECT count(*) FROM note "
	    "WHERE body = 'bas'"), 100);
	assert_ok(db_check(db));
	db_close(db);
}

static void
hold(int ready, int until)
{
	struct db *db = again();
	char c;

	if (db_begin(db) != NULL || insert(db, "x") != NULL ||
	    write(ready, "r", 1) != 1 || read(until, &c, 1) != 0)
		_exit(1);
	_exit(db_end(db, NULL) != NULL);
}

TEST(who_waits_in_vain_is_told_who_holds_the_store)
{
	int ready[2], until[2], status;
	char c, want[64];
	struct db *db = fresh();
	struct timespec from, to;
	pid_t pid;
	fault f;

	db_close(db);
	assert_int_equal(pipe(ready) | pipe(until), 0);
	if ((pid = fork()) == 0) {
		close(until[1]);
		hold(ready[1], until[0]);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	db = again();		/* reading goes on */
	assert_int_equal(number(db, "SELECT count(*) FROM note"), 0);
	db_patience(db, 300);
	clock_gettime(CLOCK_MONOTONIC, &from);
	f = db_begin(db);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_non_null(f);
	assert_int_equal(f->code, FAULT_FAIL);
	snprintf(want, sizeof want, "process %d", (int)pid);
	assert_non_null(strstr(f->text, want));
	assert_true(to.tv_sec - from.tv_sec <= 5);
	/* The asking did not take our own locks away, nor theirs. */
	assert_fault(FAULT_FAIL, db_begin(db));
	close(until[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(db_begin(db));
	assert_int_equal(number(db, "SELECT count(*) FROM note"), 1);
	assert_ok(db_end(db, NULL));
	db_close(db);
	close(ready[0]);
	close(ready[1]);
	close(until[0]);
}

TEST(the_wait_is_thirty_seconds_unless_a_test_says_otherwise)
{
	assert_int_equal(DB_PATIENCE_MS, 30000);
}

/* Another database, of one note, in the place of the one at path. */
static void
put_another(void)
{
	char *other = path_join(home, "other.db");
	struct db *db = NULL;

	vault_key(other, key, store);
	assert_ok(db_open(&db, other, true));
	assert_ok(db_exec(db, "CREATE TABLE note (id INTEGER PRIMARY KEY, "
	    "body TEXT) STRICT; INSERT INTO note (body) VALUES ('other')"));
	db_close(db);
	vault_forget(other);
	assert_int_equal(rename(other, path), 0);
	free(other);
}

static void
assert_moved(fault f)
{
	assert_non_null(f);
	assert_int_equal(f->code, FAULT_FAIL);
	assert_non_null(strstr(f->text, "rewritten by another process"));
}

TEST(who_had_a_store_open_that_was_replaced_neither_reads_nor_writes_it)
{
	struct db *writer = fresh(), *reader = again(), *new;
	bool row;

	assert_ok(insert(writer, "old"));
	assert_int_equal(number(reader, "SELECT count(*) FROM note"), 1);
	put_another();
	for (int i = 0; i < 2; i++) {
		assert_moved(db_begin(writer));
		assert_moved(insert(writer, "lost"));
		assert_moved(stmt_step(db_prepare(reader,
		    "SELECT count(*) FROM note"), &row));
	}
	new = again();
	assert_text(new, "SELECT body FROM note", "other");
	assert_ok(insert(new, "kept"));
	db_close(writer);
	db_close(reader);
	assert_int_equal(number(new, "SELECT count(*) FROM note"), 2);
	assert_ok(db_check(new));
	db_close(new);
}

/* The journal of the new file is hot by its name, but not for the old one. */
TEST(a_reader_of_the_old_file_leaves_the_new_ones_journal_alone)
{
	struct db *old = fresh(), *new;
	struct stat st;
	bool row;

	assert_int_equal(number(old, "SELECT count(*) FROM note"), 0);
	put_another();
	new = again();
	assert_ok(db_begin(new));
	assert_ok(insert(new, "under way"));
	assert_int_equal(stat(journal, &st), 0);
	assert_true(st.st_size > 0);
	assert_moved(stmt_step(db_prepare(old, "SELECT count(*) FROM note"),
	    &row));
	db_close(old);
	assert_int_equal(stat(journal, &st), 0);
	assert_true(st.st_size > 0);
	assert_ok(db_end(new, NULL));
	assert_int_equal(number(new, "SELECT count(*) FROM note"), 2);
	db_close(new);
}

/* It waits for the lock of the old file, and gets it when that has gone. */
static void
wait_for_it(int ready, int go)
{
	struct db *db = again();
	char c;
	fault f;

	if (number(db, "SELECT count(*) FROM note") != 0 ||
	    write(ready, "r", 1) != 1 || read(go, &c, 1) != 1)
		_exit(1);
	f = db_begin(db);
	_exit(f != NULL && strstr(f->text, "rewritten") != NULL ? 0 : 2);
}

TEST(who_waits_for_a_writer_that_replaces_the_store_is_told)
{
	struct db *holder = fresh();
	int status, ready[2], go[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready) | pipe(go), 0);
	if ((pid = fork()) == 0) {
		close(go[1]);
		wait_for_it(ready[1], go[0]);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_ok(db_begin(holder));
	assert_int_equal(write(go[1], "g", 1), 1);
	poll(NULL, 0, 50);
	put_another();
	db_close(holder);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(go[i]);
	}
}

TEST(sqlite_never_made_an_odd_read_or_write)
{
	assert_int_equal(vault_odd(), 0);
}

static int
run(void)
{
	return RUN(T(a_store_opens_with_every_setting_in_place),
	    T(files_are_for_the_owner_only),
	    T(an_absent_store_is_absent_and_an_empty_one_a_loss),
	    T(a_new_store_knows_its_key_before_it_has_a_table),
	    T(a_linked_path_is_the_same_store),
	    T(no_other_file_can_be_opened_through_sql),
	    T(a_copy_under_another_key_has_all_that_stands_and_nothing_else),
	    T(values_come_back_as_they_went_in),
	    T(a_statement_is_cached_and_comes_reset_and_unbound),
	    T(a_value_that_is_too_long_is_a_fault_and_no_more),
	    T(each_refusal_of_sqlite_has_a_sentence_and_an_exit_code),
	    T(no_fault_holds_sql_or_sqlites_own_words),
	    T(only_the_outermost_end_commits),
	    T(an_inner_fault_undoes_the_whole_even_if_it_is_forgotten),
	    T(what_was_not_committed_is_gone_after_closing),
	    T(a_full_text_index_and_a_large_sort_need_no_other_file),
	    T(neither_the_database_nor_a_hot_journal_shows_a_word),
	    T(two_processes_that_write_at_once_lose_nothing),
	    T(who_waits_in_vain_is_told_who_holds_the_store),
	    T(who_had_a_store_open_that_was_replaced_neither_reads_nor_writes_it),
	    T(a_reader_of_the_old_file_leaves_the_new_ones_journal_alone),
	    T(who_waits_for_a_writer_that_replaces_the_store_is_told),
	    T(the_wait_is_thirty_seconds_unless_a_test_says_otherwise),
	    T(sqlite_never_made_an_odd_read_or_write));
}

int
main(void)
{
	fault f;
	int rc;

	if (mkdtemp(home) == NULL)
		strcpy(home, "/tmp/kit-db-XXXXXX");
	if ((home[1] == 't' && mkdtemp(home) == NULL) ||
	    secret_start() != NULL || vault_start(NULL) != NULL)
		return 1;
	path = path_join(home, "device.db");
	journal = path_join(home, "device.db-journal");
	vault_key(path, key, store);
	rc = run();
	vault_forget(path);
	free(path);
	free(journal);
	f = file_remove_tree(home);
	return f == NULL ? rc : 1;
}
