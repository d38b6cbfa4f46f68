#include "fieldkit/page.h"
#include "tests/unit/tally.h"

#include <sodium.h>

#define CANARY "zeldzaamwoord-7Qx"

static struct page_key key;

/* A journal that is hot, and the database's pages before and after. */
struct hot {
	uint8_t		*before, *after, *journal;
	size_t		len, journal_len;
};

static uint8_t *
copy_of(const struct disk_file *f)
{
	return test_cut(f->at, f->len);
}

static size_t
pages(void)
{
	return disk_find(TALLY_PATH)->len / PAGE_LEN;
}

static sqlite3_file *
file_of(struct db *db)
{
	sqlite3_file *file = NULL;

	sqlite3_file_control(db_handle(db), "main",
	    SQLITE_FCNTL_FILE_POINTER, &file);
	return file;
}

/* Rows with the canary until the file has n pages. */
static struct db *
make(size_t n)
{
	struct db *db = NULL;
	char body[900];
	struct stmt *s;

	disk_clear();
	memset(body, 'x', sizeof body);
	memcpy(body + 100, CANARY, strlen(CANARY));
	assert_ok(db_open(&db, TALLY_PATH, true));
	assert_ok(db_exec(db, "CREATE TABLE note (id INTEGER PRIMARY KEY, "
	    "body TEXT NOT NULL) STRICT"));
	while (pages() < n) {
		s = db_prepare(db, "INSERT INTO note (body) VALUES (?1)");
		stmt_text(s, 1, (struct bytes){ (uint8_t *)body,
		    sizeof body });
		assert_ok(stmt_run(s));
	}
	return db;
}

/* --- what stands on the disk ------------------------------------------ */

TEST(nothing_that_was_ever_written_holds_the_text)
{
	struct db *db;
	size_t journal = 0;

	disk_clear();
	db = make(1);
	disk.logging = true;
	assert_ok(db_exec(db, "INSERT INTO note (body) VALUES "
	    "('" CANARY " een'), ('" CANARY " twee')"));
	assert_ok(db_exec(db, "UPDATE note SET body = body || '" CANARY "'"));
	assert_ok(db_exec(db, "DELETE FROM note"));
	disk.logging = false;
	for (size_t i = 0; i < disk.nlog; i++) {
		struct disk_op *op = &disk.log[i];

		if (op->data == NULL)
			continue;
		assert_null(memmem(op->data, op->len, CANARY, 8));
		assert_null(memmem(op->data, op->len, "note", 4));
		journal += op->file == (int)(disk_find(TALLY_JOURNAL) -
		    disk.files) && op->len == PAGE_LEN;
	}
	assert_true(journal >= 3);
	db_close(db);
}

TEST(the_same_page_written_twice_differs)
{
	uint8_t in[PAGE_LEN] = { 1, 2, 3 }, a[PAGE_LEN], b[PAGE_LEN],
	    out[PAGE_LEN];

	page_seal(a, in, &key, PAGE_DATABASE, 7);
	page_seal(b, in, &key, PAGE_DATABASE, 7);
	assert_memory_not_equal(a, b, PAGE_TEXT);
	assert_memory_not_equal(a + PAGE_TEXT, b + PAGE_TEXT, PAGE_NONCE);
	assert_true(page_open(out, a, &key, PAGE_DATABASE, 7));
	assert_memory_equal(out, in, PAGE_LEN);
}

/* The AD spelt out here from WIRE.md, not taken from page.c. */
TEST(a_page_is_sealed_as_the_format_says)
{
	uint8_t in[PAGE_LEN] = { 9 }, sealed[PAGE_LEN], out[PAGE_TEXT], ad[29];

	for (size_t i = 0; i < PAGE_TEXT; i++)
		in[i] = (uint8_t)(i * 7);
	page_seal(sealed, in, &key, PAGE_JOURNAL, 0x01020304);
	memcpy(ad, "KITPAG\0\0", 8);
	memcpy(ad + 8, tally_store, 16);
	memcpy(ad + 24, "J\4\3\2\1", 5);
	assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
	    out, NULL, sealed, 4056, sealed + 4080, ad, sizeof ad,
	    sealed + 4056, tally_key), 0);
	assert_memory_equal(out, in, PAGE_TEXT);
}

TEST(a_page_opens_only_in_its_own_place)
{
	uint8_t in[PAGE_LEN] = { 1 }, a[PAGE_LEN], out[PAGE_LEN];
	struct page_key other = key;

	page_seal(a, in, &key, PAGE_DATABASE, 7);
	assert_false(page_open(out, a, &key, PAGE_DATABASE, 8));
	assert_false(page_open(out, a, &key, PAGE_JOURNAL, 7));
	other.store[15] ^= 1;
	assert_false(page_open(out, a, &other, PAGE_DATABASE, 7));
}

/* --- damage ----------------------------------------------------------- */

#ifdef SANITIZED
#define STRIDE 11
#else
#define STRIDE 1
#endif

TEST(one_bit_flipped_in_any_byte_of_200_pages_is_seen)
{
	struct db *db = make(200);
	struct disk_file *f = disk_find(TALLY_PATH);
	sqlite3_file *file = file_of(db);
	uint8_t page[PAGE_LEN], none[PAGE_LEN] = { 0 };
	uint64_t seed = 7;
	size_t seen = 0, tried = 0;

	for (size_t at = 0; at < f->len; at += STRIDE) {
		uint8_t bit = (uint8_t)(1u << tally_random(&seed) % 8);

		f->at[at] ^= bit;
		tried++;
		memset(page, 'p', sizeof page);
		seen += file->pMethods->xRead(file, page, PAGE_LEN,
		    (sqlite3_int64)(at - at % PAGE_LEN)) == SQLITE_IOERR_DATA;
		if (at % 256 < STRIDE)	/* and gives nothing away */
			assert_memory_equal(page, none, PAGE_LEN);
		f->at[at] ^= bit;
	}
	assert_int_equal(seen, tried);
	assert_ok(db_check(db));
	db_close(db);
}

static fault
open_and_check(void)
{
	struct db *db = NULL;
	fault f = db_open(&db, TALLY_PATH, false);

	if (f == NULL)
		f = db_check(db);
	db_close(db);
	return f;
}

/* Text, nonce and tag of each page, through SQLite. */
TEST(a_damaged_page_is_a_trust_fault_whichever_it_is)
{
	static const size_t regions[][2] = { { 0, PAGE_TEXT },
	    { PAGE_TEXT, PAGE_NONCE }, { PAGE_TEXT + PAGE_NONCE, 16 } };
	struct disk_file *f;
	uint64_t seed = 11;

	db_close(make(200));
	f = disk_find(TALLY_PATH);
	assert_ok(open_and_check());
	for (size_t p = 0; p < f->len / PAGE_LEN; p += STRIDE)
		for (size_t r = 0; r < 3; r++) {
			size_t at = p * PAGE_LEN + regions[r][0] +
			    tally_random(&seed) % regions[r][1];

			f->at[at] ^= 1;
			assert_fault(FAULT_TRUST, open_and_check());
			f->at[at] ^= 1;
		}
	assert_ok(open_and_check());
}

TEST(two_pages_that_changed_places_are_seen)
{
	uint8_t page[PAGE_LEN];
	struct disk_file *f;

	db_close(make(9));
	f = disk_find(TALLY_PATH);
	memcpy(page, f->at + 4 * PAGE_LEN, PAGE_LEN);
	memcpy(f->at + 4 * PAGE_LEN, f->at + 5 * PAGE_LEN, PAGE_LEN);
	memcpy(f->at + 5 * PAGE_LEN, page, PAGE_LEN);
	assert_fault(FAULT_TRUST, open_and_check());
}

TEST(a_database_cut_short_is_seen)
{
	uint8_t *whole;
	size_t len;

	db_close(make(6));
	len = disk_find(TALLY_PATH)->len;
	whole = copy_of(disk_find(TALLY_PATH));
	for (size_t n = 0; n < len; n += n < PAGE_LEN ? 97 : 511) {
		disk_put(TALLY_PATH, whole, n);
		assert_fault(FAULT_TRUST, open_and_check());
	}
	disk_put(TALLY_PATH, whole, len);
	assert_ok(open_and_check());
	free(whole);
}

TEST(another_key_is_a_trust_fault_and_changes_nothing)
{
	uint8_t other[32] = { 1 }, *whole;
	size_t len;

	db_close(make(6));
	len = disk_find(TALLY_PATH)->len;
	whole = copy_of(disk_find(TALLY_PATH));
	vault_key(TALLY_PATH, other, tally_store);
	assert_fault(FAULT_TRUST, open_and_check());
	vault_key(TALLY_PATH, tally_key, other);
	assert_fault(FAULT_TRUST, open_and_check());
	vault_key(TALLY_PATH, tally_key, tally_store);
	assert_int_equal(disk_find(TALLY_PATH)->len, len);
	assert_memory_equal(disk_find(TALLY_PATH)->at, whole, len);
	assert_ok(open_and_check());
	free(whole);
}

TEST(without_a_key_nothing_opens)
{
	struct db *db = NULL;

	db_close(make(3));
	vault_forget(TALLY_PATH);
	assert_fault(FAULT_FAIL, db_open(&db, TALLY_PATH, true));
	vault_key(TALLY_PATH, tally_key, tally_store);
	assert_ok(open_and_check());
}

/* --- the journal ------------------------------------------------------ */

static void
hot_free(struct hot *h)
{
	free(h->before);
	free(h->after);
	free(h->journal);
}

/* The journal as it was when it was last synced. */
static void
replay_journal(struct hot *h)
{
	int journal = (int)(disk_find(TALLY_JOURNAL) - disk.files);

	disk_put(TALLY_JOURNAL, NULL, 0);
	for (size_t i = 0; i < disk.nlog; i++) {
		struct disk_op *op = &disk.log[i];
		struct disk_file *f = &disk.files[journal];

		if (op->file != journal || op->what != DISK_WRITE)
			continue;
		disk_room(f, op->at + op->len);
		memcpy(f->at + op->at, op->data, op->len);
	}
	h->journal_len = disk.files[journal].len;
	h->journal = copy_of(&disk.files[journal]);
}

/* One transaction over some pages, its database written, journal not yet
 * emptied. */
static void
make_hot(struct hot *h)
{
	struct db *db = make(8);

	h->len = disk_find(TALLY_PATH)->len;
	h->before = copy_of(disk_find(TALLY_PATH));
	disk.logging = true;
	assert_ok(db_exec(db, "UPDATE note SET body = replace(body, 'x', 'y') "
	    "WHERE id IN (1, 9, 17)"));
	disk.logging = false;
	db_close(db);
	assert_int_equal(disk_find(TALLY_PATH)->len, h->len);
	h->after = copy_of(disk_find(TALLY_PATH));
	replay_journal(h);
	assert_true(h->journal_len >= 512 + 3 * 4104);
}

static uint32_t
record_page(const struct hot *h, size_t record)
{
	const uint8_t *p = h->journal + 512 + record * 4104;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* Does page n on the disk hold the text of page n of this image? */
static bool
page_as(const uint8_t *image, uint32_t n)
{
	uint8_t a[PAGE_LEN], b[PAGE_LEN];
	size_t at = (n - 1) * (size_t)PAGE_LEN;

	assert_true(page_open(a, disk_find(TALLY_PATH)->at + at, &key,
	    PAGE_DATABASE, n));
	assert_true(page_open(b, image + at, &key, PAGE_DATABASE, n));
	return memcmp(a, b, PAGE_LEN) == 0;
}

/* Open on this journal; what that says does not matter here. */
static void
recover(const struct hot *h, const uint8_t *journal, size_t len)
{
	struct db *db = NULL;
	fault f;

	disk_put(TALLY_PATH, h->after, h->len);
	disk_put(TALLY_JOURNAL, journal, len);
	f = db_open(&db, TALLY_PATH, false);
	if (f != NULL)
		assert_int_equal(f->code, FAULT_TRUST);
	db_close(db);
	assert_int_equal(disk_find(TALLY_PATH)->len, h->len);
}

TEST(a_journal_cut_at_any_byte_gives_back_exactly_its_whole_records)
{
	struct hot h;
	size_t records, whole;

	make_hot(&h);
	records = (h.journal_len - 512) / 4104;
	for (size_t n = 0; n <= h.journal_len; n += STRIDE) {
		recover(&h, h.journal, n);
		whole = n < 512 ? 0 : (n - 512) / 4104;
		for (size_t r = 0; r < records; r++)
			if (page_as(h.before, record_page(&h, r)) !=
			    (r < whole))
				fail_msg("cut at %zu: record %zu", n, r);
	}
	hot_free(&h);
}

/*
 * A bit flipped in record r: those before it are given back, r is not, and
 * every page is one of the two that were once written.
 */
TEST(a_bit_flipped_in_a_journal_is_never_played_back)
{
	struct hot h;
	size_t records, bad;

	make_hot(&h);
	records = (h.journal_len - 512) / 4104;
	for (size_t at = 512; at < 512 + records * 4104; at += 5) {
		h.journal[at] ^= (uint8_t)(1u << at % 8);
		recover(&h, h.journal, h.journal_len);
		h.journal[at] ^= (uint8_t)(1u << at % 8);
		bad = (at - 512) / 4104;
		for (size_t r = 0; r < records; r++) {
			uint32_t n = record_page(&h, r);

			if (r < bad)
				assert_true(page_as(h.before, n));
			else if (r == bad)
				assert_true(page_as(h.after, n));
			else
				assert_true(page_as(h.before, n) ||
				    page_as(h.after, n));
		}
	}
	hot_free(&h);
}

TEST(the_checksum_in_the_journal_is_masked)
{
	uint8_t page[PAGE_LEN];
	struct hot h;
	const uint8_t *p, *sum;
	uint32_t want, got;

	make_hot(&h);
	for (size_t r = 0; r < 3; r++) {
		p = h.journal + 512 + r * 4104;
		assert_true(page_open(page, p + 4, &key, PAGE_JOURNAL,
		    record_page(&h, r)));
		/* SQLite's: the header's number and every 200th byte */
		want = (uint32_t)h.journal[12] << 24 |
		    (uint32_t)h.journal[13] << 16 |
		    (uint32_t)h.journal[14] << 8 | h.journal[15];
		for (int i = PAGE_LEN - 200; i > 0; i -= 200)
			want += page[i];
		sum = p + 4100;
		got = (uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 |
		    (uint32_t)sum[2] << 8 | sum[3];
		assert_int_not_equal(got, want);
		assert_int_equal(got ^ page_mask(&key, p + 4 + PAGE_TEXT),
		    want);
	}
	hot_free(&h);
}

/* --- files and shapes ------------------------------------------------- */

TEST(no_temporary_file_is_ever_opened)
{
	struct db *db = make(120);
	static const char sort[] = "SELECT body FROM note ORDER BY "
	    "substr(body, 90, 40) || id DESC";
	int n = 0;

	assert_ok(db_exec(db, "PRAGMA cache_size = 5"));
	assert_ok(db_exec(db, sort));
	assert_ok(db_exec(db, "CREATE TEMP TABLE t AS SELECT * FROM note"));
	assert_ok(db_exec(db, "DROP TABLE t"));
	for (int i = 0; i < DISK_FILES; i++)
		n += disk.files[i].name[0] != '\0';
	assert_int_equal(n, 2);
	/* Were it asked for one, the vault would refuse. */
	assert_ok(db_exec(db, "PRAGMA temp_store = FILE;"
	    "PRAGMA temp.cache_size = 3"));
	assert_fault(FAULT_FAIL, db_exec(db,
	    "CREATE TEMP TABLE t AS SELECT * FROM note"));
	db_close(db);
}

TEST(a_log_that_somebody_put_there_is_not_read)
{
	db_close(make(4));
	disk_put(TALLY_PATH "-wal", (const uint8_t *)"hello", 5);
	assert_ok(open_and_check());
}

TEST(a_write_leaves_the_buffer_alone_and_a_read_gives_zeros_at_the_end)
{
	struct db *db = make(4);
	sqlite3_file *file = file_of(db);
	uint8_t page[PAGE_LEN] = { 0 }, was[PAGE_LEN];

	memset(page, 'k', PAGE_TEXT);
	memcpy(was, page, PAGE_LEN);
	assert_int_equal(file->pMethods->xWrite(file, page, PAGE_LEN,
	    3 * PAGE_LEN), SQLITE_OK);
	assert_memory_equal(page, was, PAGE_LEN);
	memset(page, 'r', PAGE_LEN);
	assert_int_equal(file->pMethods->xRead(file, page, PAGE_LEN,
	    3 * PAGE_LEN), SQLITE_OK);
	assert_memory_equal(page, was, PAGE_LEN);
	db_close(db);
}

TEST(the_header_is_constant_and_the_counter_is_authenticated)
{
	struct db *db = make(4);
	sqlite3_file *file = file_of(db);
	uint8_t head[100], counter[16];

	assert_int_equal(file->pMethods->xRead(file, counter, 16, 24),
	    SQLITE_OK);
	disk_find(TALLY_PATH)->at[2000] ^= 1;
	assert_int_equal(file->pMethods->xRead(file, head, 100, 0), SQLITE_OK);
	assert_memory_equal(head, "SQLite format 3\0\x10\0\1\1\x28\x40\x20\x20",
	    24);
	assert_int_equal(file->pMethods->xRead(file, counter, 16, 24),
	    SQLITE_IOERR_DATA);
	db_close(db);
}

TEST(sqlite_never_made_an_odd_read_or_write)
{
	assert_int_equal(vault_odd(), 0);
}

/* Last: from here on the count is not zero. */
TEST(shapes_that_sqlite_never_makes_are_refused_and_counted)
{
	struct db *db = make(4);
	sqlite3_file *file = file_of(db);
	const sqlite3_io_methods *m = file->pMethods;
	uint8_t page[2 * PAGE_LEN] = { 0 };

	assert_int_equal(m->xRead(file, page, 4, 0), SQLITE_IOERR_READ);
	assert_int_equal(m->xRead(file, page, 100, 1), SQLITE_IOERR_READ);
	assert_int_equal(m->xRead(file, page, PAGE_LEN, 1), SQLITE_IOERR_READ);
	assert_int_equal(m->xRead(file, page, 2 * PAGE_LEN, 0),
	    SQLITE_IOERR_READ);
	assert_int_equal(m->xWrite(file, page, 512, 0), SQLITE_IOERR_WRITE);
	assert_int_equal(m->xWrite(file, page, PAGE_LEN, 512),
	    SQLITE_IOERR_WRITE);
	page[PAGE_TEXT + 3] = 1;
	assert_int_equal(m->xWrite(file, page, PAGE_LEN, PAGE_LEN),
	    SQLITE_IOERR_WRITE);
	assert_int_equal(vault_odd(), 7);
	assert_ok(db_check(db));
	db_close(db);
}

int
main(void)
{
	disk_start();
	if (vault_start("disk") != NULL || secret_start() != NULL)
		return 1;
	memcpy(key.key, tally_key, sizeof key.key);
	memcpy(key.store, tally_store, sizeof key.store);
	vault_key(TALLY_PATH, tally_key, tally_store);
	return RUN(T(nothing_that_was_ever_written_holds_the_text),
	    T(the_same_page_written_twice_differs),
	    T(a_page_is_sealed_as_the_format_says),
	    T(a_page_opens_only_in_its_own_place),
	    T(one_bit_flipped_in_any_byte_of_200_pages_is_seen),
	    T(a_damaged_page_is_a_trust_fault_whichever_it_is),
	    T(two_pages_that_changed_places_are_seen),
	    T(a_database_cut_short_is_seen),
	    T(another_key_is_a_trust_fault_and_changes_nothing),
	    T(without_a_key_nothing_opens),
	    T(a_journal_cut_at_any_byte_gives_back_exactly_its_whole_records),
	    T(a_bit_flipped_in_a_journal_is_never_played_back),
	    T(the_checksum_in_the_journal_is_masked),
	    T(no_temporary_file_is_ever_opened),
	    T(a_log_that_somebody_put_there_is_not_read),
	    T(a_write_leaves_the_buffer_alone_and_a_read_gives_zeros_at_the_end),
	    T(the_header_is_constant_and_the_counter_is_authenticated),
	    T(sqlite_never_made_an_odd_read_or_write),
	    T(shapes_that_sqlite_never_makes_are_refused_and_counted));
}
