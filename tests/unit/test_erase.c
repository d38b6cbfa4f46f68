/*
 * A record is erased: from the store, from the index, from every page, while
 * all else stays as it was.
 */
#include "tests/unit/scratch.h"
#include "tests/unit/store_kit.h"

#include <sodium.h>
#include <time.h>

#include "fieldkit/doctor.h"
#include "fieldkit/home.h"
#include "fieldkit/page.h"
#include "fieldkit/store_erase.h"

#define CANARY "zilvervos7714qxk"	/* one word, 16 bytes */

static struct erasure
erasure_of(const struct id *record)
{
	return (struct erasure){ .record = *record, .time = 1764000000,
	    .seq = 7, .by = kit_id(9), .reason = bytes_of("asked by the mother"),
	    .basis = bytes_of("art. 17"), .type = bytes_of("observation") };
}

static struct erase_count
erase(struct kit *k, const struct id *record)
{
	struct erasure e = erasure_of(record);
	struct erase_count c;

	assert_ok(store_erase(&k->st, &e, 1, &c));
	return c;
}

static int64_t
number_of(struct db *db, const char *sql)
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

static size_t
hits_of(struct kit *k, const char *words)
{
	struct search_result found;
	size_t n;

	assert_ok(search(&k->st, words, 0, &found));
	n = found.n;
	search_free(&found);
	return n;
}

static size_t
findings(struct kit *k, const char *word)
{
	struct doctor d;
	size_t n;

	assert_ok(doctor_check(&d, &k->st));
	n = d.n;
	for (size_t i = 0; i < n; i++)
		if (strstr(d.lines[i], word) == NULL)
			fail_msg("not about '%s': %s", word, d.lines[i]);
	doctor_free(&d);
	return n;
}

/* A change of another device to the record that `self` made as its n-th. */
static struct change
afar(struct kit *k, const struct id *device, uint64_t n,
    const struct id *record, uint32_t index)
{
	struct change c = kit_change(device, n, record, &k->self, index);

	kit_set(&c, "narrative", "van elders");
	change_sort(&c);
	return c;
}

/* --- out of the store --------------------------------------------------- */

TEST(of_an_erased_record_only_the_tombstone_is_left)
{
	struct id self = kit_id(1), id, stays;
	struct tombstone t;
	struct erase_count n;
	struct record r;
	struct dot dot;
	struct kit k;

	kit_new(&k, &self);
	stays = kit_note(&k, "voetbal", NULL);
	id = kit_note(&k, "vuurwerk", &dot);
	kit_edit(&k, &id, &dot, "narrative", "knallen");
	assert_fault(FAULT_ABSENT, store_tombstone(&k.st, &id, &t));
	n = erase(&k, &id);
	assert_int_equal(n.records, 1);
	assert_int_equal(n.changes, 2);
	assert_fault(FAULT_ERASED, store_record(&k.st, &r, &id));
	assert_ok(store_tombstone(&k.st, &id, &t));
	assert_string_equal(t.type, "observation");
	assert_string_equal(t.reason, "asked by the mother");
	assert_string_equal(t.basis, "art. 17");
	assert_int_equal(t.time, 1764000000);
	assert_int_equal(t.seq, 7);
	assert_int_equal(t.dropped, 0);
	assert_true(t.remains);
	self = kit_id(9);
	assert_true(id_eq(&t.by, &self));
	tombstone_free(&t);
	assert_ok(store_record(&k.st, &r, &stays));
	record_free(&r);
	assert_int_equal(number_of(k.db, "SELECT count(*) FROM change"), 1);
	assert_int_equal(number_of(k.db, "SELECT count(*) FROM record"), 1);
	kit_free(&k);
}

TEST(erasing_again_changes_nothing)
{
	struct id self = kit_id(1), id;
	struct erasure e;
	struct tombstone t;
	struct erase_count n;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "vuurwerk", NULL);
	erase(&k, &id);
	assert_ok(store_rewritten(&k.st));
	e = erasure_of(&id);
	e.seq = 8;
	e.reason = bytes_of("another");
	assert_ok(store_erase(&k.st, &e, 1, &n));
	assert_int_equal(n.records + n.changes + n.unsealed, 0);
	assert_ok(store_tombstone(&k.st, &id, &t));
	assert_int_equal(t.seq, 7);
	assert_string_equal(t.reason, "asked by the mother");
	assert_false(t.remains);
	tombstone_free(&t);
	kit_free(&k);
}

TEST(a_record_that_is_not_known_here_gets_its_tombstone_too)
{
	struct id self = kit_id(1), id = kit_id(77), other = kit_id(2);
	struct change c;
	struct erase_count n;
	uint64_t remains;
	struct kit k;
	bool new;

	kit_new(&k, &self);
	n = erase(&k, &id);
	assert_int_equal(n.records, 0);
	/* Its leaf was punctured here too, so a key is to be left behind. */
	assert_ok(store_remains(&k.st, &remains));
	assert_int_equal(remains, 1);
	c = afar(&k, &other, 1, &id, 5);
	assert_fault(FAULT_ERASED, store_put(&k.st, &c, &new));
	assert_false(new);
	change_free(&c);
	kit_free(&k);
}

TEST(many_are_erased_at_once_or_none)
{
	struct id self = kit_id(1);
	struct erasure e[3];
	struct erase_count n;
	struct kit k;

	kit_new(&k, &self);
	for (int i = 0; i < 3; i++) {
		struct id id = kit_note(&k, "vuurwerk", NULL);

		e[i] = erasure_of(&id);
	}
	assert_ok(db_begin(k.db));
	assert_ok(store_erase(&k.st, e, 3, &n));
	assert_int_equal(n.records, 3);
	assert_fault(FAULT_FAIL, db_end(k.db, fault_new(FAULT_FAIL, "no")));
	assert_int_equal(number_of(k.db, "SELECT count(*) FROM record"), 3);
	assert_int_equal(number_of(k.db, "SELECT count(*) FROM tombstone"), 0);
	assert_int_equal(hits_of(&k, "vuurwerk"), 3);
	assert_ok(store_erase(&k.st, e, 3, &n));
	assert_int_equal(number_of(k.db, "SELECT count(*) FROM record"), 0);
	assert_int_equal(hits_of(&k, "vuurwerk"), 0);
	assert_int_equal(findings(&k, "none"), 0);
	kit_free(&k);
}

/* --- what comes later --------------------------------------------------- */

static uint64_t
dropped(struct kit *k, const struct id *record)
{
	struct tombstone t;
	uint64_t n;

	assert_ok(store_tombstone(&k->st, record, &t));
	n = t.dropped;
	tombstone_free(&t);
	return n;
}

TEST(a_change_that_comes_later_is_dropped_and_counted_once)
{
	struct id self = kit_id(1), other = kit_id(2), id, next;
	struct change c;
	struct record r;
	struct kit k;
	bool new = true;

	kit_new(&k, &self);
	id = kit_note(&k, "vuurwerk", NULL);
	next = kit_note(&k, "voetbal", NULL);
	erase(&k, &id);
	for (int i = 0; i < 2; i++) {
		/* As an import does it, within one transaction. */
		assert_ok(db_begin(k.db));
		c = afar(&k, &other, 1, &id, 1);
		assert_fault(FAULT_ERASED, store_put(&k.st, &c, &new));
		assert_false(new);
		change_free(&c);
		c = afar(&k, &other, 2, &next, 2);
		assert_ok(store_put(&k.st, &c, &new));
		assert_int_equal(new, i == 0);
		change_free(&c);
		assert_ok(store_carried(&k.st, &other, 1, 1, 2));
		assert_ok(db_end(k.db, NULL));
		assert_int_equal(dropped(&k, &id), 1);
	}
	c = afar(&k, &other, 3, &id, 1);
	assert_fault(FAULT_ERASED, store_put(&k.st, &c, NULL));
	change_free(&c);
	assert_int_equal(dropped(&k, &id), 2);
	assert_fault(FAULT_ERASED, store_record(&k.st, &r, &id));
	assert_ok(store_record(&k.st, &r, &next));
	assert_int_equal(r.nchanges, 2);
	record_free(&r);
	assert_int_equal(number_of(k.db, "SELECT count(*) FROM change "
	    "WHERE instr(body, CAST('van elders' AS BLOB))"), 1);
	assert_int_equal(findings(&k, "none"), 0);
	kit_free(&k);
}

TEST(an_edit_made_here_is_refused_and_counts_as_nothing)
{
	struct id self = kit_id(1), id;
	struct change c;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "vuurwerk", NULL);
	erase(&k, &id);
	c = kit_change(&self, 0, &id, &self, 1);
	kit_set(&c, "narrative", "toch");
	change_sort(&c);
	assert_fault(FAULT_ERASED, store_put(&k.st, &c, NULL));
	assert_int_equal(c.dot.n, 0);
	change_free(&c);
	assert_int_equal(dropped(&k, &id), 0);
	assert_int_equal(number_of(k.db, "SELECT count(*) FROM change"), 0);
	kit_free(&k);
}

/* Two changes of one name, or two records of one leaf, would follow. */
TEST(no_counter_and_no_index_is_given_a_second_time)
{
	struct id self = kit_id(1), id;
	struct index index;
	struct dot last, dot;
	struct kit k;

	kit_new(&k, &self);
	kit_note(&k, "voetbal", NULL);
	id = kit_note(&k, "vuurwerk", &last);
	assert_int_equal(last.n, 2);
	erase(&k, &id);
	assert_ok(store_next_index(&k.st, &index));
	assert_int_equal(index.n, 3);
	kit_note(&k, "muziek", &dot);
	assert_int_equal(dot.n, 3);
	assert_int_equal(findings(&k, "none"), 0);
	kit_free(&k);
}

/* A chain of our own brings back what we had created before a backup. */
TEST(an_index_of_ours_that_comes_back_erased_is_spent)
{
	struct id self = kit_id(1), id = kit_id(50);
	struct index index;
	struct change c;
	struct kit k;

	kit_new(&k, &self);
	erase(&k, &id);
	c = afar(&k, &self, 4, &id, 9);
	assert_fault(FAULT_ERASED, store_put(&k.st, &c, NULL));
	change_free(&c);
	assert_ok(store_next_index(&k.st, &index));
	assert_int_equal(index.n, 10);
	kit_free(&k);
}

TEST(an_own_change_that_was_never_sealed_is_not_sealed_and_is_told)
{
	struct id self = kit_id(1), id, next;
	struct erase_count n;
	struct change *list;
	struct buf text = BUF_EMPTY;
	struct dot dot;
	size_t count;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "vuurwerk", &dot);
	next = kit_note(&k, "voetbal", NULL);
	assert_ok(store_carried(&k.st, &self, 1, 1, 2));
	kit_edit(&k, &id, &dot, "narrative", "knallen");
	kit_edit(&k, &next, NULL, "narrative", "basketbal");
	kit_edit(&k, &id, &dot, "narrative", "rook");
	n = erase(&k, &id);
	assert_int_equal(n.changes, 3);
	assert_int_equal(n.unsealed, 2);
	assert_ok(store_unsealed(&k.st, &list, &count, &text));
	assert_int_equal(count, 1);
	assert_true(id_eq(&list[0].record, &next));
	assert_int_equal(list[0].dot.n, 4);
	change_free(&list[0]);
	free(list);
	buf_free(&text);
	assert_int_equal(findings(&k, "none"), 0);
	kit_free(&k);
}

/* --- aside -------------------------------------------------------------- */

TEST(what_is_aside_or_half_written_goes_too_whatever_it_claims)
{
	struct id self = kit_id(1), other = kit_id(2), id;
	struct quarantined q;
	struct buf body = BUF_EMPTY;
	struct change c;
	struct stmt *s;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "vuurwerk", NULL);
	kit_note(&k, "voetbal", NULL);
	c = afar(&k, &other, 1, &id, 1);
	change_encode(&body, &c);
	q = (struct quarantined){ .dot = c.dot, .code = "fork",
	    .body = buf_view(&body), .reason = "x" };
	assert_ok(store_quarantine(&k.st, &q));
	/* As version 1 held it. */
	assert_ok(db_exec(k.db, "UPDATE quarantine SET record = NULL, "
	    "creator = NULL, idx = NULL"));
	q.dot.n = 2;
	assert_ok(store_quarantine(&k.st, &q));
	s = db_prepare(k.db, "INSERT INTO draft VALUES(?1, 1, x'00'), "
	    "(x'01', 1, CAST(x'aa' || ?1 AS BLOB)), (x'02', 1, x'00')");
	stmt_blob(s, 1, (struct bytes){ id.b, sizeof id.b });
	assert_ok(stmt_run(s));
	assert_int_equal(erase(&k, &id).changes, 3);
	assert_int_equal(number_of(k.db, "SELECT count(*) FROM quarantine"), 0);
	assert_int_equal(number_of(k.db, "SELECT count(*) FROM draft"), 1);
	/* Nor is it kept aside later. */
	q.dot.n = 3;
	assert_ok(store_quarantine(&k.st, &q));
	assert_int_equal(number_of(k.db, "SELECT count(*) FROM quarantine"), 0);
	buf_free(&body);
	change_free(&c);
	kit_free(&k);
}

/* --- search, digest, doctor --------------------------------------------- */

TEST(search_forgets_its_words_and_finds_what_is_saved_after_it)
{
	struct id self = kit_id(1), id;
	struct kit k;

	kit_new(&k, &self);
	kit_note(&k, "voetbal op straat", NULL);
	id = kit_note(&k, "vuurwerk op straat", NULL);
	assert_int_equal(hits_of(&k, "vuurwerk"), 1);
	erase(&k, &id);
	assert_int_equal(hits_of(&k, "vuurwerk"), 0);
	assert_int_equal(hits_of(&k, "straat"), 1);
	/* It gets the place in the order that the erased one had. */
	kit_note(&k, "muziek op straat", NULL);
	assert_int_equal(hits_of(&k, "vuurwerk"), 0);
	assert_int_equal(hits_of(&k, "muziek"), 1);
	assert_int_equal(hits_of(&k, "straat"), 2);
	kit_free(&k);
}

TEST(two_devices_that_erased_it_have_one_digest_whenever_it_came)
{
	struct id self[2] = { kit_id(1), kit_id(2) }, other = kit_id(3);
	struct id erased = kit_id(70), stays = kit_id(71);
	struct hash before, a, b;
	struct kit k[2];

	for (int i = 0; i < 2; i++) {
		struct change c;

		kit_new(&k[i], &self[i]);
		c = kit_change(&other, 1, &stays, &other, 1);
		kit_set(&c, "narrative", "voetbal");
		kit_put(&k[i], &c);
		before = kit_digest(&k[i]);
		if (i == 1)
			erase(&k[i], &erased);
		c = kit_change(&other, 2, &erased, &other, 2);
		kit_set(&c, "narrative", "vuurwerk");
		change_sort(&c);
		if (i == 0)
			assert_ok(store_put(&k[i].st, &c, NULL));
		else
			assert_fault(FAULT_ERASED, store_put(&k[i].st, &c,
			    NULL));
		change_free(&c);
	}
	a = kit_digest(&k[0]);
	assert_false(hash_eq(&a, &before));
	erase(&k[0], &erased);
	a = kit_digest(&k[0]);
	b = kit_digest(&k[1]);
	assert_true(hash_eq(&a, &b));
	kit_free(&k[0]);
	kit_free(&k[1]);
}

TEST(doctor_keeps_tombstones_and_finds_what_should_be_gone)
{
	struct id self = kit_id(1), id;
	struct tombstone t;
	struct stmt *s;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "vuurwerk", NULL);
	kit_note(&k, "voetbal", NULL);
	erase(&k, &id);
	assert_int_equal(findings(&k, "none"), 0);
	assert_ok(doctor_rebuild(&k.st));
	assert_ok(store_tombstone(&k.st, &id, &t));
	tombstone_free(&t);
	assert_int_equal(findings(&k, "none"), 0);
	s = db_prepare(k.db, "UPDATE tombstone SET record = "
	    "(SELECT record FROM change)");
	assert_ok(stmt_run(s));
	assert_int_equal(findings(&k, "changes of erased records"), 1);
	kit_free(&k);
}

TEST(a_store_of_version_2_is_brought_up_to_date)
{
	struct id self = kit_id(1), id;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "vuurwerk", NULL);
	assert_ok(db_exec(k.db, "DROP TABLE tombstone; DROP TABLE erased; "
	    "DROP TABLE intent; DROP TABLE receipt; PRAGMA user_version = 2"));
	kit_close(&k);
	kit_open(&k);
	assert_int_equal(number_of(k.db, "PRAGMA user_version"), 4);
	assert_int_equal(erase(&k, &id).changes, 1);
	kit_free(&k);
}

/* --- off the disk ------------------------------------------------------- */

/* Pages of the file that open with the key, and how often the word stands in
 * them. */
static size_t
scan(const char *path, const uint8_t raw[32], const struct id *store,
    const char *word, size_t *pages)
{
	struct page_key key;
	struct buf b = BUF_EMPTY, all = BUF_EMPTY;
	uint8_t out[PAGE_LEN];
	const uint8_t *at;
	size_t n = 0;

	memcpy(key.key, raw, 32);
	memcpy(key.store, store->b, 16);
	*pages = 0;
	assert_ok(file_read(&b, path, 256u << 20));
	for (size_t i = 0; i + PAGE_LEN <= b.len; i += PAGE_LEN) {
		if (!page_open(out, b.at + i, &key, PAGE_DATABASE,
		    (uint32_t)(i / PAGE_LEN + 1)))
			continue;
		++*pages;
		buf_add(&all, out, PAGE_TEXT);
	}
	for (at = all.at; all.len > 0 && (at = memmem(at, all.len -
	    (size_t)(at - all.at), word, strlen(word))) != NULL; at++)
		n++;
	buf_free(&b);
	buf_free(&all);
	return n;
}

static void
home_new(struct home *h, const char *name)
{
	uint8_t paper[32], paper_sk[32];

	crypto_box_keypair(paper, paper_sk);
	*h = (struct home)HOME_EMPTY;
	h->path = at(name);
	assert_ok(file_mkdir(h->path, 0700));
	h->practice = true;
	h->project = kit_id(5);
	h->device = kit_id(1);
	assert_ok(home_build(h, bytes_of("x"), paper));
}

static void
db_key(uint8_t raw[32], const struct home *h)
{
	uint8_t *key = NULL;

	assert_ok(keyfile_database_key(&key, &h->keyfile, h->master));
	memcpy(raw, key, 32);
	secret_free(key, 32);
}

/* The kit's few words, on a home's store. */
static void
borrow(struct kit *k, struct home *h)
{
	*k = (struct kit){ .self = h->device, .db = h->db, .st = h->store };
}

TEST(a_word_of_an_erased_record_is_in_no_page_and_the_old_key_opens_none)
{
	struct id stays[40], id;
	char *path, *text;
	uint8_t old[32], new[32];
	size_t pages;
	uint64_t remains;
	struct home h;
	struct kit k;
	struct dot dot;

	home_new(&h, "canary");
	path = home_file(&h, "device.db");
	borrow(&k, &h);
	assert_ok(search_start(h.db));
	for (int i = 0; i < 40; i++)
		stays[i] = kit_note(&k, "jongeren op het plein bij de brug",
		    NULL);
	text = mem_new(9000);	/* over several pages */
	for (int i = 0; i < 400; i++)
		strcat(text, i % 2 == 0 ? CANARY " " : "en ");
	id = kit_note(&k, text, &dot);
	kit_edit(&k, &id, &dot, "narrative", "kort " CANARY);
	assert_int_equal(hits_of(&k, CANARY), 1);
	db_key(old, &h);
	assert_true(scan(path, old, &h.device, CANARY, &pages) > 200);
	erase(&k, &id);
	assert_ok(store_remains(&h.store, &remains));
	assert_int_equal(remains, 1);
	assert_ok(home_rewrite(&h));
	borrow(&k, &h);
	assert_ok(search_start(h.db));
	assert_ok(store_remains(&h.store, &remains));
	assert_int_equal(remains, 0);
	db_key(new, &h);
	assert_memory_not_equal(old, new, 32);
	assert_int_equal(scan(path, new, &h.device, CANARY, &pages), 0);
	assert_int_equal(scan(path, new, &h.device, "vuurwerk", &pages), 0);
	assert_true(scan(path, new, &h.device, "plein", &pages) >= 40);
	assert_true(pages > 5);
	assert_int_equal(scan(path, old, &h.device, CANARY, &pages), 0);
	assert_int_equal(pages, 0);
	assert_int_equal(hits_of(&k, CANARY), 0);
	assert_int_equal(hits_of(&k, "plein"), 40);
	for (int i = 0; i < 40; i++)
		kit_standing(&k, &stays[i], "narrative",
		    "jongeren op het plein bij de brug");
	assert_int_equal(findings(&k, "none"), 0);
	free(text);
	free(path);
	home_close(&h);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#ifdef SANITIZED
#define NOTES 1000
#else
#define NOTES 10000
#endif

/* Printed, not judged. */
TEST(ten_thousand_notes_are_rewritten_whole)
{
	struct erasure e[50];
	struct erase_count n;
	struct hash before, after;
	struct stat st;
	double t0, t1, t2;
	char *path, text[400];
	struct home h;
	struct kit k;

	home_new(&h, "many");
	path = home_file(&h, "device.db");
	borrow(&k, &h);
	assert_ok(search_start(h.db));
	assert_ok(db_begin(h.db));
	for (int i = 0; i < NOTES; i++) {
		struct id id;

		snprintf(text, sizeof text, "Notitie %d: drie jongeren bij de "
		    "brug, na school, het was rustig; iemand vroeg naar het "
		    "buurthuis en naar straat nummer %d. " "Woord%d", i,
		    i * 7919 % 1000, i * 31 % 3000);
		id = kit_note(&k, text, NULL);
		if (i % (NOTES / 50) == 0)
			e[i / (NOTES / 50)] = erasure_of(&id);
	}
	assert_ok(db_end(h.db, NULL));
	assert_ok(search_update(&k.st));
	t0 = seconds();
	assert_ok(store_erase(&h.store, e, 50, &n));
	assert_int_equal(n.records, 50);
	before = kit_digest(&k);
	t1 = seconds();
	assert_ok(home_rewrite(&h));
	t2 = seconds();
	borrow(&k, &h);
	after = kit_digest(&k);
	assert_true(hash_eq(&before, &after));
	assert_int_equal(stat(path, &st), 0);
	print_message("# %d notes, %.1f MB: 50 erased in %.2f s, rewritten in "
	    "%.2f s\n", NOTES, (double)st.st_size / 1e6, t1 - t0, t2 - t1);
	assert_int_equal(number_of(h.db, "SELECT count(*) FROM record"),
	    NOTES - 50);
	free(path);
	home_close(&h);
}

int
main(void)
{
	int rc;

	if (!scratch_make())
		return 1;
	rc = RUN(T(of_an_erased_record_only_the_tombstone_is_left),
	    T(erasing_again_changes_nothing),
	    T(a_record_that_is_not_known_here_gets_its_tombstone_too),
	    T(many_are_erased_at_once_or_none),
	    T(a_change_that_comes_later_is_dropped_and_counted_once),
	    T(an_edit_made_here_is_refused_and_counts_as_nothing),
	    T(no_counter_and_no_index_is_given_a_second_time),
	    T(an_index_of_ours_that_comes_back_erased_is_spent),
	    T(an_own_change_that_was_never_sealed_is_not_sealed_and_is_told),
	    T(what_is_aside_or_half_written_goes_too_whatever_it_claims),
	    T(search_forgets_its_words_and_finds_what_is_saved_after_it),
	    T(two_devices_that_erased_it_have_one_digest_whenever_it_came),
	    T(doctor_keeps_tombstones_and_finds_what_should_be_gone),
	    T(a_store_of_version_2_is_brought_up_to_date),
	    T(a_word_of_an_erased_record_is_in_no_page_and_the_old_key_opens_none),
	    T(ten_thousand_notes_are_rewritten_whole));
	return scratch_remove() ? rc : 1;
}
