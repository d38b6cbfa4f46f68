#include "tests/unit/store_kit.h"

#include <time.h>

#ifndef SANITIZED
#define SANITIZED 0
#endif
#define MANY (SANITIZED ? 1000 : 10000)

/* How many records the words find. */
static size_t
hits(struct kit *k, const char *words)
{
	struct search_result r;
	size_t n;

	assert_ok(search(&k->st, words, 0, &r));
	assert_false(r.behind);
	n = r.n;
	search_free(&r);
	return n;
}

static bool
finds(struct kit *k, const char *words, const struct id *id)
{
	struct search_result r;
	bool found = false;

	assert_ok(search(&k->st, words, 0, &r));
	for (size_t i = 0; i < r.n; i++)
		found |= id_eq(&r.hits[i].id, id);
	search_free(&r);
	return found;
}

static void
snippet_is(struct kit *k, const char *words, const char *want)
{
	struct search_result r;

	assert_ok(search(&k->st, words, 1, &r));
	assert_int_equal(r.n, 1);
	assert_string_equal(r.hits[0].snippet, want);
	search_free(&r);
}

TEST(a_word_is_found_in_its_other_forms_in_dutch)
{
	struct id self = kit_id(1), id;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "De jongeren hangen rond bij de winkels.", NULL);
	kit_note(&k, "Niets te melden.", NULL);
	assert_true(finds(&k, "jongere", &id));
	assert_true(finds(&k, "winkel", &id));
	assert_true(finds(&k, "winkels", &id));
	assert_true(finds(&k, "hang", &id));
	assert_int_equal(hits(&k, "winkel"), 1);
	assert_int_equal(hits(&k, "fiets"), 0);
	kit_free(&k);
}

TEST(a_word_is_found_in_its_other_forms_in_english)
{
	struct id self = kit_id(1), id;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "Parties in the playgrounds; kids running.", NULL);
	assert_true(finds(&k, "party", &id));
	assert_true(finds(&k, "playground", &id));
	assert_true(finds(&k, "run", &id));
	assert_true(finds(&k, "runs", &id));
	kit_free(&k);
}

TEST(case_and_diacritics_do_not_matter)
{
	struct id self = kit_id(1), id;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "Het caf\xc3\xa9 van Ren\xc3\xa9 is "
	    "ge\xc3\xafsoleerd, \xc3\x87" "a va.", NULL);
	assert_true(finds(&k, "cafe", &id));
	assert_true(finds(&k, "CAF\xc3\x89", &id));
	assert_true(finds(&k, "rene", &id));
	assert_true(finds(&k, "geisoleerd", &id));
	assert_true(finds(&k, "ca va", &id));
	/* Decomposed: e and a combining acute accent. */
	assert_true(finds(&k, "cafe\xcc\x81", &id));
	kit_free(&k);
}

TEST(all_words_must_be_there_and_the_last_may_be_a_beginning)
{
	struct id self = kit_id(1), a, b;
	struct kit k;

	kit_new(&k, &self);
	a = kit_note(&k, "muziek bij het buurthuis", NULL);
	b = kit_note(&k, "overlast bij het buurthuis", NULL);
	assert_int_equal(hits(&k, "buurthuis"), 2);
	assert_true(finds(&k, "buurthuis muziek", &a));
	assert_false(finds(&k, "buurthuis muziek", &b));
	assert_int_equal(hits(&k, "overlast buurth"), 1);
	assert_true(finds(&k, "overlast buurth", &b));
	/* Not the first, and not two letters. */
	assert_int_equal(hits(&k, "buurth overlast"), 0);
	assert_int_equal(hits(&k, "bu"), 0);
	kit_free(&k);
}

TEST(operators_and_quotes_mean_nothing)
{
	static const char *const odd[] = { "", " ", "\"", "'", "*", "(", ")",
	    "\"muziek", "muziek\"", "muziek*", "(muziek)", "-muziek",
	    "text:muziek", "^muziek", "muziek + plein", "{muziek}" };
	struct id self = kit_id(1);
	struct kit k;

	kit_new(&k, &self);
	kit_note(&k, "muziek OR plein AND niet, NEAR text", NULL);
	kit_note(&k, "muziek", NULL);
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		size_t n = hits(&k, odd[i]);

		assert_int_equal(n, i < 7 ? 0 : strstr(odd[i], "plein") ||
		    strstr(odd[i], "text") ? 1 : 2);
	}
	/* AND, OR, NOT and NEAR are words like others. */
	assert_int_equal(hits(&k, "muziek OR fiets"), 0);
	assert_int_equal(hits(&k, "fiets OR muziek"), 0);
	assert_int_equal(hits(&k, "muziek AND plein"), 1);
	assert_int_equal(hits(&k, "muziek NOT plein"), 0);
	assert_int_equal(hits(&k, "NEAR"), 1);
	kit_free(&k);
}

TEST(after_an_edit_old_words_are_gone_and_new_ones_found)
{
	struct id self = kit_id(1), id;
	struct dot dot;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "vuurwerk in het park", &dot);
	assert_true(finds(&k, "vuurwerk", &id));
	dot = kit_edit(&k, &id, &dot, "narrative", "voetbal in het park");
	assert_int_equal(hits(&k, "vuurwerk"), 0);
	assert_int_equal(hits(&k, "voetbal"), 1);
	assert_int_equal(hits(&k, "park"), 1);
	kit_edit(&k, &id, &dot, "narrative", "vuurwerk in het park");
	assert_int_equal(hits(&k, "vuurwerk"), 1);
	assert_int_equal(hits(&k, "voetbal"), 0);
	kit_free(&k);
}

TEST(both_sides_of_a_conflict_and_elements_of_sets_are_found)
{
	struct id self = kit_id(1), other = kit_id(2), id;
	struct change_field *f;
	struct change c;
	struct dot dot;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "vuurwerk", &dot);
	kit_edit(&k, &id, &dot, "narrative", "knallen");
	c = kit_change(&other, 1, &id, &self, 1);
	change_add_sup(kit_set(&c, "narrative", "rook"), &dot, BYTES_EMPTY);
	f = change_add(&c, bytes_of("themes"), COMP_TEAM, KIND_SET);
	change_add_value(f, bytes_of("veiligheid"));
	kit_put(&k, &c);
	assert_int_equal(hits(&k, "knallen"), 1);
	assert_int_equal(hits(&k, "rook"), 1);
	assert_int_equal(hits(&k, "veiligheid"), 1);
	assert_int_equal(hits(&k, "vuurwerk"), 0);
	kit_free(&k);
}

TEST(a_withdrawn_record_is_not_found_until_it_is_back)
{
	struct id self = kit_id(1), id;
	struct dot dot, gone;
	struct change c;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "vuurwerk", &dot);
	c = kit_change(&self, 0, &id, &self, 1);
	change_add_sup(kit_set(&c, FIELD_WITHDRAWN, "1"), &dot, BYTES_EMPTY);
	change_sort(&c);
	assert_ok(store_put(&k.st, &c, NULL));
	gone = c.dot;
	change_free(&c);
	assert_int_equal(hits(&k, "vuurwerk"), 0);
	kit_edit(&k, &id, &gone, FIELD_WITHDRAWN, "");
	assert_int_equal(hits(&k, "vuurwerk"), 1);
	kit_free(&k);
}

TEST(what_is_withheld_is_not_in_the_index)
{
	struct id self = kit_id(1), other = kit_id(2), record = kit_id(9);
	struct buf ledger = BUF_EMPTY;
	struct change c = kit_change(&other, 1, &record, &other, 1), less;
	struct reader r;
	struct kit k;

	kit_new(&k, &self);
	kit_set(&c, "narrative", "vuurwerk");
	change_sort(&c);
	change_put_ledger(&ledger, &c);
	r = reader_of(buf_view(&ledger));
	change_get_ledger(&r, &less, &other);
	assert_ok(store_put(&k.st, &less, NULL));
	assert_int_equal(hits(&k, "vuurwerk"), 0);
	/* The key came. */
	assert_ok(store_put(&k.st, &c, NULL));
	assert_int_equal(hits(&k, "vuurwerk"), 1);
	change_free(&c);
	change_free(&less);
	buf_free(&ledger);
	kit_free(&k);
}

TEST(a_snippet_shows_the_words_around_the_first_match)
{
	struct id self = kit_id(1);
	struct kit k;

	kit_new(&k, &self);
	kit_note(&k, "Een  man\nen een caf\xc3\xa9.", NULL);
	snippet_is(&k, "cafe", "Een man en een [caf\xc3\xa9].");
	kit_note(&k, "a1 a2 a3 a4 a5 a6 a7 a8 lopen b1 b2 b3 b4 b5 b6 b7 b8 "
	    "b9 loopt b11 b12 b13 b14 b15 b16 b17 b18 b19", NULL);
	snippet_is(&k, "b3 lopen", "\xe2\x80\xa6" "a3 a4 a5 a6 a7 a8 [lopen] "
	    "b1 b2 [b3] b4 b5 b6 b7 b8 b9 loopt b11 b12 b13 b14 b15 b16 b17"
	    "\xe2\x80\xa6");
	kit_free(&k);
}

TEST(better_matches_come_first_and_the_limit_holds)
{
	struct id self = kit_id(1), best;
	struct search_result r;
	struct kit k;

	kit_new(&k, &self);
	for (int i = 0; i < 5; i++)
		kit_note(&k, "een lange tekst over van alles en nog wat, en "
		    "ergens ook een keer over vuurwerk in de wijk", NULL);
	best = kit_note(&k, "vuurwerk, vuurwerk en vuurwerk", NULL);
	assert_ok(search(&k.st, "vuurwerk", 3, &r));
	assert_int_equal(r.n, 3);
	assert_true(id_eq(&r.hits[0].id, &best));
	search_free(&r);
	kit_free(&k);
}

TEST(a_very_long_word_and_bytes_that_are_no_text_do_no_harm)
{
	struct id self = kit_id(1), other = kit_id(2);
	struct change c;
	struct kit k;
	char text[70001];

	memset(text, 'z', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	kit_new(&k, &self);
	kit_note(&k, text, NULL);
	for (uint8_t n = 1; n < 100; n++) {
		struct id record = kit_id((uint8_t)(100 + n));
		uint8_t junk[64];

		for (size_t i = 0; i < sizeof junk; i++)
			junk[i] = (uint8_t)(i * n * 37 + n);
		c = kit_change(&other, n, &record, &other, n);
		change_add_value(change_add(&c, bytes_of("narrative"),
		    COMP_TEAM, KIND_VALUE),
		    (struct bytes){ junk, sizeof junk });
		kit_put(&k, &c);
	}
	text[90] = '\0';
	assert_int_equal(hits(&k, text), 1);
	assert_int_equal(hits(&k, "\xff\xfe\x80 \xc3"), 0);
	kit_free(&k);
}

TEST(a_rebuilt_index_finds_the_same)
{
	struct id self = kit_id(1), id;
	struct buf a = BUF_EMPTY, b = BUF_EMPTY;
	struct dot dot;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "vuurwerk", &dot);
	kit_note(&k, "muziek", NULL);
	assert_int_equal(hits(&k, "vuurwerk"), 1);
	kit_edit(&k, &id, &dot, "narrative", "knallen");
	assert_int_equal(hits(&k, "knallen"), 1);
	kit_rows(&k, &a);
	assert_ok(search_rebuild(&k.st));
	assert_ok(search_check(&k.st));
	kit_rows(&k, &b);
	assert_string_equal(buf_cstr(&a), buf_cstr(&b));
	assert_int_equal(hits(&k, "knallen"), 1);
	assert_int_equal(hits(&k, "vuurwerk"), 0);
	assert_int_equal(hits(&k, "muziek"), 1);
	buf_free(&a);
	buf_free(&b);
	kit_free(&k);
}

/* --- where the index cannot be written ------------------------------------ */

/* Not a page more, as on a full disk; 0: as many as it likes. */
static void
room(struct kit *k, bool any)
{
	assert_ok(db_exec(k->db, any ? "PRAGMA max_page_count = 1000000" :
	    "PRAGMA max_page_count = 1"));
}

/* So many found, of so many that the index lacks; the id of the first. */
static struct id
found_behind(struct kit *k, const char *words, size_t n, size_t lacks)
{
	struct search_result r;
	struct id id = { { 0 } };

	assert_ok(search(&k->st, words, 0, &r));
	assert_true(r.behind);
	assert_int_equal(r.why.code, FAULT_FAIL);
	assert_int_equal(r.scanned, lacks);
	assert_int_equal(r.n, n);
	for (size_t i = 0; i < r.n; i++)
		assert_non_null(strstr(r.hits[i].snippet, "["));
	if (n > 0)
		id = r.hits[0].id;
	search_free(&r);
	return id;
}

/* Several pages' worth of words, so that its index needs a new page. */
static void
put_much(struct buf *out, const char *first)
{
	buf_clear(out);
	buf_text(out, "%s", first);
	for (unsigned i = 0; i < 3000; i++)
		buf_text(out, " woord%u", i * 7919);
}

TEST(on_a_full_disk_what_the_index_lacks_is_looked_through)
{
	struct id self = kit_id(1), old, new, found;
	struct buf text = BUF_EMPTY;
	struct dot dot, gone;
	struct kit k;

	kit_new(&k, &self);
	old = kit_note(&k, "Muziek bij de winkels", &dot);
	kit_note(&k, "Muziek in het park", NULL);
	assert_int_equal(hits(&k, "muziek"), 2);
	kit_edit(&k, &old, &dot, "narrative", "Stilte bij de winkels");
	put_much(&text, "Parties met luide muziek");
	new = kit_note(&k, buf_cstr(&text), &gone);
	room(&k, false);
	/* One of the index, one not in it; the old text of one is gone. */
	found = found_behind(&k, "muziek", 2, 2);
	assert_true(id_eq(&found, &new));
	found_behind(&k, "stilte", 1, 2);
	found_behind(&k, "winkel", 1, 2);
	found_behind(&k, "party", 1, 2);
	found_behind(&k, "luide muz", 1, 2);
	found_behind(&k, "muz luide", 0, 2);
	found_behind(&k, "stilte muziek", 0, 2);
	found_behind(&k, "fiets", 0, 2);
	room(&k, true);
	assert_int_equal(hits(&k, "muziek"), 2);
	assert_int_equal(hits(&k, "winkel"), 1);
	assert_ok(search_check(&k.st));
	buf_free(&text);
	kit_free(&k);
}

TEST(while_another_writes_what_the_index_lacks_is_looked_through)
{
	struct id self = kit_id(1), first, second, found;
	struct search_result r;
	struct dot dot;
	struct change c;
	struct kit k, writer;

	kit_new(&k, &self);
	first = kit_note(&k, "muziek", &dot);
	second = kit_note(&k, "muziek en meer", NULL);
	c = kit_change(&self, 0, &first, &self, 1);
	change_add_sup(kit_set(&c, FIELD_WITHDRAWN, "1"), &dot, BYTES_EMPTY);
	change_sort(&c);
	writer = k;
	kit_open(&writer);
	db_patience(k.db, 0);
	/* Nothing is indexed, there is not even a table. */
	assert_ok(db_begin(writer.db));
	found = found_behind(&k, "muziek", 2, 2);
	assert_true(id_eq(&found, &second));	/* the newest first */
	assert_ok(search(&k.st, "muziek", 1, &r));
	assert_int_equal(r.n, 1);
	search_free(&r);
	assert_ok(db_end(writer.db, NULL));
	/* Nor is one found that is withdrawn. */
	assert_ok(store_put(&k.st, &c, NULL));
	change_free(&c);
	assert_ok(db_begin(writer.db));
	found = found_behind(&k, "muziek", 1, 2);
	assert_true(id_eq(&found, &second));
	assert_ok(db_end(writer.db, NULL));
	assert_int_equal(hits(&k, "muziek"), 1);
	kit_close(&writer);
	kit_free(&k);
}

/* With one bit of this page flipped: does a search go on all the same? */
static fault
search_damaged(struct kit *k, struct buf *file, size_t page)
{
	struct search_result r = { .hits = NULL };
	struct kit again = { .self = k->self };
	fault f;

	file->at[page + 2000] ^= 4;
	assert_ok(file_write(k->path, buf_view(file), 0600));
	file->at[page + 2000] ^= 4;
	if ((f = db_open(&again.db, k->path, false)) == NULL &&
	    (f = store_open(&again.st, again.db, &again.self)) == NULL &&
	    (f = search_start(again.db)) == NULL)
		f = search(&again.st, "muziek", 0, &r);
	assert_false(r.behind);
	search_free(&r);
	kit_close(&again);
	return f;
}

TEST(damage_is_not_taken_for_a_disk_without_room)
{
	struct buf file = BUF_EMPTY, text = BUF_EMPTY;
	struct id self = kit_id(1);
	size_t told = 0;
	struct kit k;

	kit_new(&k, &self);
	put_much(&text, "muziek");
	kit_note(&k, buf_cstr(&text), NULL);
	assert_int_equal(hits(&k, "muziek"), 1);
	kit_note(&k, "muziek", NULL);
	kit_close(&k);
	assert_ok(file_read(&file, k.path, 1 << 20));
	for (size_t at = 0; at + 4096 <= file.len; at += 4096) {
		fault f = search_damaged(&k, &file, at);

		if (f != NULL)
			assert_int_equal(f->code, FAULT_TRUST);
		told += f != NULL;
	}
	assert_true(told >= 5);
	buf_free(&file);
	buf_free(&text);
	kit_free(&k);
}

/* --- how fast ----------------------------------------------------------- */

static double
ms_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Invented words, few of them often, as in a language. */
static void
put_words(struct buf *out, uint32_t seed)
{
	static const char *const part[] = { "ba", "ker", "stra", "ten", "loo",
	    "vin", "do", "pel", "huis", "ge", "meer", "kun", "schap", "ing",
	    "ver", "zo" };
	uint32_t x = seed * 2654435761u + 1;

	buf_clear(out);
	while (out->len < 850) {
		x = x * 1664525u + 1013904223u;
		buf_text(out, "%s%s", part[x >> 28],
		    part[x >> 24 & x >> 20 & 15]);
		buf_text(out, x >> 15 & 1 ? " " : "%s ", part[x >> 16 & 15]);
	}
}

TEST(ten_thousand_notes_are_searched)
{
	struct id self = kit_id(1);
	struct buf text = BUF_EMPTY;
	double at[4];
	struct kit k;
	size_t n;

	kit_new(&k, &self);
	assert_ok(db_begin(k.db));
	for (uint32_t i = 0; i < MANY; i++) {
		put_words(&text, i);
		if (i % 100 == 0)
			buf_text(&text, "vuurwerk");
		kit_note(&k, buf_cstr(&text), NULL);
	}
	assert_ok(db_end(k.db, NULL));
	at[0] = ms_now();
	assert_ok(search_update(&k.st));
	at[1] = ms_now();
	n = hits(&k, "vuurwerk");
	at[2] = ms_now();
	hits(&k, "strabaker geba");
	at[3] = ms_now();
	assert_int_equal(n, MANY / 100);
	printf("# %d notes: indexed in %.0f ms, one rare word in %.1f ms, two "
	    "common words in %.1f ms\n", MANY, at[1] - at[0],
	    at[2] - at[1], at[3] - at[2]);
	buf_free(&text);
	kit_free(&k);
}

int
main(void)
{
	return RUN(
	    T(a_word_is_found_in_its_other_forms_in_dutch),
	    T(a_word_is_found_in_its_other_forms_in_english),
	    T(case_and_diacritics_do_not_matter),
	    T(all_words_must_be_there_and_the_last_may_be_a_beginning),
	    T(operators_and_quotes_mean_nothing),
	    T(after_an_edit_old_words_are_gone_and_new_ones_found),
	    T(both_sides_of_a_conflict_and_elements_of_sets_are_found),
	    T(a_withdrawn_record_is_not_found_until_it_is_back),
	    T(what_is_withheld_is_not_in_the_index),
	    T(a_snippet_shows_the_words_around_the_first_match),
	    T(better_matches_come_first_and_the_limit_holds),
	    T(a_very_long_word_and_bytes_that_are_no_text_do_no_harm),
	    T(a_rebuilt_index_finds_the_same),
	    T(on_a_full_disk_what_the_index_lacks_is_looked_through),
	    T(while_another_writes_what_the_index_lacks_is_looked_through),
	    T(damage_is_not_taken_for_a_disk_without_room),
	    T(ten_thousand_notes_are_searched));
}
