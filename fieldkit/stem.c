#include "fieldkit/stem.h"

#include <stdlib.h>
#include <string.h>

#include <libstemmer.h>
#include <sqlite3.h>

#include "sync/base/library.h"

/*
 * Stemming costs more than all else about a word, and most words have been
 * seen before: the stems are kept in a hash table, which is emptied when it
 * is full.  Longer words than LONGEST are taken as they are.
 *
 * Words are compared eight bytes at a time, so each stands in the text with
 * zeros up to a multiple of STEP.
 */
#define LONGEST		64
#define STEP		8
#define SLOTS		(1u << 16)
#define FULL		(SLOTS / 4 * 3)

/*
 * libstemmer is loaded by who indexes or searches, and by nobody else: it
 * holds tables for thirty languages, and to put them at their addresses was a
 * fifth of every start.  The Makefile's name, of the library beside the header.
 */
_Static_assert(sizeof LIBSTEMMER_SONAME > 1, "libstemmer.so has no name");

#define EACH(X) X(sb_stemmer_new) X(sb_stemmer_delete) X(sb_stemmer_stem) \
	X(sb_stemmer_length)

struct lib {
#define MEMBER(name) __typeof__(name) *(name);
	EACH(MEMBER)
#undef MEMBER
};

struct slot {
	uint32_t	at;		/* 1 + where in text; 0: free */
	uint8_t		word, nl, en;	/* lengths */
	uint8_t		apart;		/* stems that are no beginnings */
};

enum { NL = 1, EN = 2 };	/* in apart: behind the word in text */

struct stem {
	fts5_tokenizer	below;		/* unicode61 */
	Fts5Tokenizer	*words;
	struct lib	lib;
	struct sb_stemmer *nl, *en;
	struct slot	*slots;
	size_t		used;
	struct buf	text;
	uint8_t		fold[256];	/* see set_folds */
};

/* A folded word of LONGEST bytes at most, with zeros behind it. */
struct word {
	uint8_t		at[LONGEST];
	size_t		len;
};

/* --- stems -------------------------------------------------------------- */

static struct bytes
run_stemmer(const struct lib *l, struct sb_stemmer *s, struct bytes word)
{
	const sb_symbol *p = l->sb_stemmer_stem(s, word.at, (int)word.len);

	if (p == NULL)		/* out of memory: the word as it is */
		return word;
	return (struct bytes){ p, (size_t)l->sb_stemmer_length(s) };
}

static uint64_t
eight(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof v);
	return v;
}

static uint32_t
hash_word(const struct word *w)
{
	uint64_t h = w->len;

	for (size_t i = 0; i < w->len; i += STEP) {
		h = (h ^ eight(w->at + i)) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	/* Its upper half: below, the last bytes have not counted. */
	return (uint32_t)(h >> 32);
}

static bool
holds(const struct stem *s, const struct slot *slot, const struct word *w)
{
	const uint8_t *at = s->text.at + slot->at - 1;
	uint64_t differ = slot->word ^ w->len;

	for (size_t i = 0; i < w->len && differ == 0; i += STEP)
		differ = eight(at + i) ^ eight(w->at + i);
	return differ == 0;
}

/* How long the stem is; most are beginnings of their words, others follow. */
static uint8_t
add_stem(struct stem *s, struct slot *slot, struct bytes stem, uint8_t which)
{
	if (stem.len > LONGEST || stem.len == 0)
		return slot->word;
	if (stem.len > slot->word || memcmp(stem.at,
	    s->text.at + slot->at - 1, stem.len) != 0) {
		slot->apart |= which;
		buf_add_bytes(&s->text, stem);
	}
	return (uint8_t)stem.len;
}

static void
fill_slot(struct stem *s, struct slot *slot, const struct word *w)
{
	struct bytes word = { w->at, w->len };

	slot->word = (uint8_t)w->len;
	slot->at = (uint32_t)s->text.len + 1;
	buf_add(&s->text, w->at, (w->len + STEP - 1) / STEP * STEP);
	slot->nl = add_stem(s, slot, run_stemmer(&s->lib, s->nl, word), NL);
	slot->en = add_stem(s, slot, run_stemmer(&s->lib, s->en, word), EN);
	s->used++;
}

static const struct slot *
find_slot(struct stem *s, const struct word *w)
{
	uint32_t i;

	if (s->used >= FULL) {
		memset(s->slots, 0, sizeof *s->slots * SLOTS);
		s->used = 0;
		buf_clear(&s->text);
	}
	for (i = hash_word(w) % SLOTS; s->slots[i].at != 0;
	    i = (i + 1) % SLOTS)
		if (holds(s, &s->slots[i], w))
			return &s->slots[i];
	fill_slot(s, &s->slots[i], w);
	return &s->slots[i];
}

/* The stems of a word; valid until the next word's. */
static struct stem_word
stems_of(struct stem *s, const struct word *w)
{
	const struct slot *slot = find_slot(s, w);
	const uint8_t *at = s->text.at + slot->at - 1;
	const uint8_t *behind = at + (w->len + STEP - 1) / STEP * STEP;
	struct stem_word out = { 0, 0, { at, w->len }, { at, slot->nl },
	    { at, slot->en } };

	if ((slot->apart & NL) != 0) {
		out.nl.at = behind;
		behind += slot->nl;
	}
	if ((slot->apart & EN) != 0)
		out.en.at = behind;
	return out;
}

static struct stem_word
find_stems(struct stem *s, struct bytes word)
{
	struct word w = { .len = word.len };

	if (word.len == 0 || word.len > LONGEST)
		return (struct stem_word){ 0, 0, word, word, word };
	memcpy(w.at, word.at, word.len);
	return stems_of(s, &w);
}

/* --- one stemmer -------------------------------------------------------- */

void
stem_free(struct stem *s)
{
	if (s == NULL)
		return;
	if (s->words != NULL)
		s->below.xDelete(s->words);
	if (s->nl != NULL)
		s->lib.sb_stemmer_delete(s->nl);
	if (s->en != NULL)
		s->lib.sb_stemmer_delete(s->en);
	free(s->slots);
	buf_free(&s->text);
	free(s);
}

/*
 * What an ASCII letter or digit is folded to.  Zero: no part of a word; a
 * byte above ASCII is for unicode61 to judge.
 */
static void
set_folds(struct stem *s)
{
	for (int c = '0'; c <= '9'; c++)
		s->fold[c] = (uint8_t)c;
	for (int c = 'a'; c <= 'z'; c++)
		s->fold[c] = s->fold[c - 'a' + 'A'] = (uint8_t)c;
	for (int c = 0x80; c <= 0xff; c++)
		s->fold[c] = (uint8_t)c;
}

static fault
load(struct lib *l)
{
#define NAME(name) #name,
	static const char *const names[] = { EACH(NAME) };
#undef NAME

	return library_load(l, names, sizeof names / sizeof *names,
	    LIBSTEMMER_SONAME);
}

static fault
make(struct stem **out, fts5_api *api)
{
	const char *args[] = { "remove_diacritics", "2" };
	struct stem *s = mem_new(sizeof *s);
	void *arg;
	fault f = load(&s->lib);

	if (f != NULL)
		goto done;
	s->nl = s->lib.sb_stemmer_new("dutch", "UTF_8");
	s->en = s->lib.sb_stemmer_new("english", "UTF_8");
	s->slots = mem_new(sizeof *s->slots * SLOTS);
	set_folds(s);
	if (s->nl == NULL || s->en == NULL ||
	    api->xFindTokenizer(api, "unicode61", &arg, &s->below) !=
	    SQLITE_OK ||
	    s->below.xCreate(arg, args, 2, &s->words) != SQLITE_OK) {
		f = fault_new(FAULT_FAIL, "the stemmers for Dutch and "
		    "English cannot be started; nothing was changed; install "
		    "libstemmer0d of Debian");
		goto done;
	}
	*out = s;
	s = NULL;
done:
	stem_free(s);
	return f;
}

/* FTS5 hands out its interface through a pointer that it is asked with. */
static fts5_api *
find_api(struct db *db)
{
	fts5_api *api = NULL;
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(db_handle(db), "SELECT fts5(?1)", -1, &s,
	    NULL) == SQLITE_OK) {
		sqlite3_bind_pointer(s, 1, &api, "fts5_api_ptr", NULL);
		sqlite3_step(s);
	}
	sqlite3_finalize(s);
	return api;
}

static fault
no_fts5(void)
{
	return fault_new(FAULT_FAIL, "this SQLite has no full-text search "
	    "(FTS5); nothing was changed; install libsqlite3-0 of Debian");
}

fault
stem_new(struct stem **out, struct db *db)
{
	fts5_api *api = find_api(db);

	return api == NULL ? no_fts5() : make(out, api);
}

/* --- words -------------------------------------------------------------- */

struct walk {
	struct stem	*stem;
	int		(*each)(void *arg, const struct stem_word *w);
	void		*arg;
	size_t		from;		/* where the stretch begins */
};

static int
walk_word(void *arg, int flags, const char *at, int n, int start, int end)
{
	struct walk *walk = arg;
	struct stem_word w = find_stems(walk->stem,
	    (struct bytes){ (const uint8_t *)at, (size_t)n });

	(void)flags;
	w.start = walk->from + (size_t)start;
	w.end = walk->from + (size_t)end;
	return walk->each(walk->arg, &w);
}

/*
 * From one character of ASCII that is no part of a word to the next: nothing
 * reaches across those in unicode61 either.  Nearly all stretches are one
 * word of ASCII, which needs no tables.
 */
static int
walk_stretch(struct walk *walk, struct bytes text, const struct word *word,
    bool ascii)
{
	struct stem *s = walk->stem;
	struct stem_word w;

	if (!ascii || word->len > LONGEST)
		return s->below.xTokenize(s->words, walk, FTS5_TOKENIZE_AUX,
		    (const char *)text.at, (int)text.len, walk_word);
	w = stems_of(s, word);
	w.start = walk->from;
	w.end = walk->from + text.len;
	return walk->each(walk->arg, &w);
}

static int
walk_text(struct walk *walk, struct bytes text)
{
	const uint8_t *fold = walk->stem->fold;
	int rc = SQLITE_OK;

	for (size_t at = 0; at < text.len && rc == SQLITE_OK; at++) {
		struct word w = { .len = 0 };
		uint8_t c, all = 0;

		walk->from = at;
		for (; at < text.len && (c = fold[text.at[at]]) != 0; at++) {
			all |= c;
			if (w.len < LONGEST)
				w.at[w.len] = c;
			w.len++;
		}
		if (w.len > 0)
			rc = walk_stretch(walk, (struct bytes){ text.at +
			    walk->from, w.len }, &w, all < 0x80);
	}
	return rc;
}

struct every {
	void		(*each)(void *arg, const struct stem_word *w);
	void		*arg;
};

static int
every_word(void *arg, const struct stem_word *w)
{
	const struct every *e = arg;

	e->each(e->arg, w);
	return SQLITE_OK;
}

fault
stem_each(struct stem *s, struct bytes text,
    void (*each)(void *arg, const struct stem_word *w), void *arg)
{
	struct every every = { each, arg };
	struct walk walk = { s, every_word, &every, 0 };

	if (walk_text(&walk, text) != SQLITE_OK)
		return fault_new(FAULT_FAIL, "a text of %zu bytes cannot be "
		    "taken apart into words", text.len);
	return NULL;
}

/* --- the tokenizer ------------------------------------------------------ */

static int
create(void *api, const char **args, int n, Fts5Tokenizer **out)
{
	struct stem *s = NULL;

	(void)args;
	(void)n;
	if (make(&s, api) != NULL)
		return SQLITE_ERROR;
	*out = (Fts5Tokenizer *)s;
	return SQLITE_OK;
}

static void
delete(Fts5Tokenizer *s)
{
	stem_free((struct stem *)s);
}

struct emit {
	void		*arg;
	int		(*token)(void *, int, const char *, int, int, int);
};

static int
emit(const struct emit *e, int flags, struct bytes token,
    const struct stem_word *w)
{
	return e->token(e->arg, flags, (const char *)token.at, (int)token.len,
	    (int)w->start, (int)w->end);
}

static int
emit_stems(void *arg, const struct stem_word *w)
{
	int rc = emit(arg, 0, w->nl, w);

	if (rc != SQLITE_OK || bytes_eq(w->nl, w->en))
		return rc;
	return emit(arg, FTS5_TOKEN_COLOCATED, w->en, w);
}

/* A beginning of a word: no stems. */
static int
emit_plain(void *arg, const struct stem_word *w)
{
	return emit(arg, 0, w->folded, w);
}

static int
tokenize(Fts5Tokenizer *tokenizer, void *arg, int flags, const char *text,
    int n, int (*token)(void *, int, const char *, int, int, int))
{
	struct emit e = { arg, token };
	struct walk walk = { (struct stem *)tokenizer,
	    (flags & FTS5_TOKENIZE_PREFIX) != 0 ? emit_plain : emit_stems,
	    &e, 0 };

	return walk_text(&walk, (struct bytes){ (const uint8_t *)text,
	    n < 0 ? strlen(text) : (size_t)n });
}

fault
stem_start(struct db *db)
{
	static const fts5_tokenizer methods = { create, delete, tokenize };
	fts5_tokenizer copy = methods;
	fts5_api *api = find_api(db);
	struct lib lib;
	fault f;

	if (api == NULL)
		return no_fts5();
	/* SQLite has no words for what the tokenizer may then lack. */
	if ((f = load(&lib)) != NULL)
		return f;
	if (api->xCreateTokenizer(api, "stem", api, &copy, NULL) != SQLITE_OK)
		return fault_new(FAULT_FAIL, "the tokenizer for full-text "
		    "search cannot be registered; nothing was changed");
	return NULL;
}
