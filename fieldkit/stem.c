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
 */
#define LONGEST		64
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

struct slot {			/* word, nl, en behind each other in text */
	uint32_t	at;		/* 1 + where; 0: free */
	uint8_t		word, nl, en;	/* lengths */
};

struct stem {
	fts5_tokenizer	below;		/* unicode61 */
	Fts5Tokenizer	*words;
	struct lib	lib;
	struct sb_stemmer *nl, *en;
	struct slot	*slots;
	size_t		used;
	struct buf	text;
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

static uint32_t
hash_word(struct bytes word)
{
	uint32_t h = 2166136261u;	/* FNV-1a */

	for (size_t i = 0; i < word.len; i++)
		h = (h ^ word.at[i]) * 16777619u;
	return h ^ h >> 15;
}

static void
fill_slot(struct stem *s, struct slot *slot, struct bytes word)
{
	struct bytes nl = run_stemmer(&s->lib, s->nl, word);
	struct bytes en = run_stemmer(&s->lib, s->en, word);

	slot->word = (uint8_t)word.len;
	slot->nl = nl.len <= LONGEST ? (uint8_t)nl.len : 0;
	slot->en = en.len <= LONGEST ? (uint8_t)en.len : 0;
	slot->at = (uint32_t)s->text.len + 1;
	buf_add_bytes(&s->text, word);
	buf_add(&s->text, nl.at, slot->nl);
	buf_add(&s->text, en.at, slot->en);
	s->used++;
}

static const struct slot *
find_slot(struct stem *s, struct bytes word)
{
	uint32_t i;

	if (s->used >= FULL) {
		memset(s->slots, 0, sizeof *s->slots * SLOTS);
		s->used = 0;
		buf_clear(&s->text);
	}
	for (i = hash_word(word) % SLOTS; s->slots[i].at != 0;
	    i = (i + 1) % SLOTS)
		if (s->slots[i].word == word.len && memcmp(s->text.at +
		    s->slots[i].at - 1, word.at, word.len) == 0)
			return &s->slots[i];
	fill_slot(s, &s->slots[i], word);
	return &s->slots[i];
}

/* A stem that came out empty (none should) is the word itself. */
static struct stem_word
find_stems(struct stem *s, struct bytes word)
{
	struct stem_word w = { 0, 0, word, word, word };
	const struct slot *slot;
	const uint8_t *at;

	if (word.len == 0 || word.len > LONGEST)
		return w;
	slot = find_slot(s, word);
	at = s->text.at + slot->at - 1 + slot->word;
	if (slot->nl > 0)
		w.nl = (struct bytes){ at, slot->nl };
	if (slot->en > 0)
		w.en = (struct bytes){ at + slot->nl, slot->en };
	return w;
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

struct walk {
	struct stem	*stem;
	void		(*each)(void *arg, const struct stem_word *w);
	void		*arg;
};

static int
walk_word(void *arg, int flags, const char *at, int n, int start, int end)
{
	struct walk *walk = arg;
	struct stem_word w = find_stems(walk->stem,
	    (struct bytes){ (const uint8_t *)at, (size_t)n });

	(void)flags;
	w.start = (size_t)start;
	w.end = (size_t)end;
	walk->each(walk->arg, &w);
	return SQLITE_OK;
}

fault
stem_each(struct stem *s, struct bytes text,
    void (*each)(void *arg, const struct stem_word *w), void *arg)
{
	struct walk walk = { s, each, arg };

	if (s->below.xTokenize(s->words, &walk, FTS5_TOKENIZE_AUX,
	    (const char *)text.at, (int)text.len, walk_word) != SQLITE_OK)
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
	struct stem	*stem;
	void		*arg;
	bool		plain;		/* a beginning of a word: no stems */
	int		(*token)(void *, int, const char *, int, int, int);
};

static int
emit_word(void *arg, int flags, const char *at, int n, int start, int end)
{
	struct emit *e = arg;
	struct stem_word w;
	int rc;

	if (e->plain)
		return e->token(e->arg, flags, at, n, start, end);
	w = find_stems(e->stem,
	    (struct bytes){ (const uint8_t *)at, (size_t)n });
	rc = e->token(e->arg, flags, (const char *)w.nl.at, (int)w.nl.len,
	    start, end);
	if (rc != SQLITE_OK || bytes_eq(w.nl, w.en))
		return rc;
	return e->token(e->arg, flags | FTS5_TOKEN_COLOCATED,
	    (const char *)w.en.at, (int)w.en.len, start, end);
}

static int
tokenize(Fts5Tokenizer *tokenizer, void *arg, int flags, const char *text,
    int n, int (*token)(void *, int, const char *, int, int, int))
{
	struct stem *s = (struct stem *)tokenizer;
	struct emit e = { s, arg, (flags & FTS5_TOKENIZE_PREFIX) != 0, token };

	return s->below.xTokenize(s->words, &e, flags, text, n, emit_word);
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
