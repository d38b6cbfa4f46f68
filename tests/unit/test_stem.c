#include "tests/unit/store_kit.h"

#include "fieldkit/stem.h"

#define TEXTS	2000
#define BYTES_MAX 400

struct found {
	struct bytes	text;
	struct buf	list;		/* the words found, a line each */
	size_t		end;		/* of the last */
	bool		astray;		/* a place that is none */
};

static void
add_found(void *arg, const struct stem_word *w)
{
	struct found *f = arg;

	f->astray |= w->start < f->end || w->end <= w->start ||
	    w->end > f->text.len;
	f->end = w->end;
	buf_add_bytes(&f->list, w->folded);
	put_u8(&f->list, '\n');
}

/* Words of all lengths, of ASCII and not, whole and broken. */
static void
put_text(struct buf *out, uint32_t *x)
{
	static const char *const odd[] = { "\xc3\xa9", "\xc3\x89", "e\xcc\x81",
	    "\xcc\x81", "\xe2\x80\x99", "\xe2\x82\xac", "\xc3", "\x80\xbf",
	    "\xf0\x9d\x94\xb8", "\xd0\x96", "\xc4\xb0", "\xef\xbb\xbf" };
	size_t len;

	*x = *x * 1664525u + 1013904223u;
	len = (*x >> 16) % BYTES_MAX;
	buf_clear(out);
	while (out->len < len) {
		*x = *x * 1664525u + 1013904223u;
		if (*x >> 28 < 2)
			buf_text(out, "%s", odd[(*x >> 8) % (sizeof odd /
			    sizeof *odd)]);
		else if (*x >> 28 < 5)
			put_u8(out, (uint8_t)(*x >> 16 & 0x7f));
		else
			put_u8(out, (uint8_t)("aZ09exyz"[*x >> 16 & 7]));
	}
}

/* What SQLite's own tokenizer makes of the text, in the same form. */
static void
unicode61(struct buf *out, struct db *db, struct bytes text)
{
	struct stmt *s;
	bool row;

	assert_ok(db_exec(db, "DELETE FROM t"));
	s = db_prepare(db, "INSERT INTO t(rowid, text) VALUES(1, ?)");
	stmt_text(s, 1, text);
	assert_ok(stmt_run(s));
	s = db_prepare(db, "SELECT term FROM v ORDER BY offset");
	for (;;) {
		assert_ok(stmt_step(s, &row));
		if (!row)
			break;
		buf_add_bytes(out, stmt_get(s, 0));
		put_u8(out, '\n');
	}
}

TEST(words_are_those_of_unicode61_whatever_the_bytes)
{
	struct id self = kit_id(1);
	struct buf text = BUF_EMPTY, want = BUF_EMPTY;
	struct stem *stem;
	struct kit k;
	uint32_t x = 2026;
	size_t words = 0;

	kit_new(&k, &self);
	assert_ok(stem_new(&stem, k.db));
	assert_ok(db_exec(k.db, "CREATE VIRTUAL TABLE t USING fts5(text, "
	    "tokenize = 'unicode61 remove_diacritics 2');"
	    "CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)"));
	assert_ok(db_begin(k.db));
	for (int i = 0; i < TEXTS; i++) {
		struct found f = { .end = 0 };

		put_text(&text, &x);
		f.text = buf_view(&text);
		assert_ok(stem_each(stem, f.text, add_found, &f));
		assert_false(f.astray);
		buf_clear(&want);
		unicode61(&want, k.db, f.text);
		assert_true(bytes_eq(buf_view(&f.list), buf_view(&want)));
		for (size_t at = 0; at < want.len; at++)
			words += want.at[at] == '\n';
		buf_free(&f.list);
	}
	assert_ok(db_end(k.db, NULL));
	assert_true(words > TEXTS);
	buf_free(&text);
	buf_free(&want);
	stem_free(stem);
	kit_free(&k);
}

struct stems {
	struct bytes	nl, en;
	char		text[2][32];
};

static void
keep_stems(void *arg, const struct stem_word *w)
{
	struct stems *s = arg;

	snprintf(s->text[0], sizeof s->text[0], "%.*s", (int)w->nl.len,
	    (const char *)w->nl.at);
	snprintf(s->text[1], sizeof s->text[1], "%.*s", (int)w->en.len,
	    (const char *)w->en.at);
}

/*
 * The English ones stand in Snowball's description of its algorithm; "die" and
 * "sky" are no beginnings of their words.  Both the first and later times.
 */
TEST(a_word_has_both_stems_as_often_as_it_is_asked_for)
{
	static const char *const want[][3] = {
	    { "Winkels", "winkel", "winkel" },
	    { "parties", "parties", "parti" },
	    { "dying", "dying", "die" },
	    { "skies", "skies", "sky" },
	};
	struct id self = kit_id(1);
	struct stem *stem;
	struct stems got;
	struct kit k;

	kit_new(&k, &self);
	assert_ok(stem_new(&stem, k.db));
	for (size_t i = 0; i < 2 * sizeof want / sizeof *want; i++) {
		const char *const *w = want[i / 2];

		assert_ok(stem_each(stem, bytes_of(w[0]), keep_stems, &got));
		assert_string_equal(got.text[0], w[1]);
		assert_string_equal(got.text[1], w[2]);
	}
	stem_free(stem);
	kit_free(&k);
}

int
main(void)
{
	return RUN(
	    T(words_are_those_of_unicode61_whatever_the_bytes),
	    T(a_word_has_both_stems_as_often_as_it_is_asked_for));
}
