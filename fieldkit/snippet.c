#include "fieldkit/snippet.h"

#include <stdlib.h>
#include <string.h>

#define BEFORE	6		/* words */
#define BEHIND	18
#define OPEN_MIN 3		/* bytes of a word's beginning */
#define ELLIPSIS "\xe2\x80\xa6"

/* --- what is searched for ----------------------------------------------- */

static void
add_term(void *arg, const struct stem_word *w)
{
	struct snippet_terms *t = arg;
	struct buf b = BUF_EMPTY;
	struct snippet_term *to;

	if (t->n == SNIPPET_TERMS)
		return;
	buf_add_bytes(&b, w->folded);
	buf_add_bytes(&b, w->nl);
	buf_add_bytes(&b, w->en);
	buf_cstr(&b);
	t->text[t->n] = (char *)b.at;
	to = &t->at[t->n++];
	to->folded = (struct bytes){ b.at, w->folded.len };
	to->nl = (struct bytes){ b.at + w->folded.len, w->nl.len };
	to->en = (struct bytes){ to->nl.at + w->nl.len, w->en.len };
	to->open = false;
}

fault
snippet_terms(struct snippet_terms *t, struct stem *stem, const char *words)
{
	struct snippet_term *last;
	fault f = stem_each(stem, bytes_of(words), add_term, t);

	if (f != NULL || t->n == 0)
		return f;
	last = &t->at[t->n - 1];
	last->open = last->folded.len >= OPEN_MIN;
	return NULL;
}

void
snippet_terms_free(struct snippet_terms *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->text[i]);
	t->n = 0;
}

static bool
begins(struct bytes word, struct bytes with)
{
	return word.len >= with.len &&
	    memcmp(word.at, with.at, with.len) == 0;
}

/* As the index sees it: one of the word's stems is one of the term's. */
static bool
is_term(const struct snippet_term *x, const struct stem_word *w)
{
	if (bytes_eq(w->nl, x->nl) || bytes_eq(w->nl, x->en) ||
	    bytes_eq(w->en, x->nl) || bytes_eq(w->en, x->en))
		return true;
	return x->open && (begins(w->nl, x->folded) ||
	    begins(w->en, x->folded));
}

static bool
matches(const struct snippet_terms *t, const struct stem_word *w)
{
	for (size_t i = 0; i < t->n; i++)
		if (is_term(&t->at[i], w))
			return true;
	return false;
}

struct met {
	const struct snippet_terms *terms;
	bool		at[SNIPPET_TERMS];	/* which ones have been met */
};

static void
meet(void *arg, const struct stem_word *w)
{
	struct met *m = arg;

	for (size_t i = 0; i < m->terms->n; i++)
		m->at[i] |= is_term(&m->terms->at[i], w);
}

fault
snippet_all(bool *all, struct stem *stem, const struct snippet_terms *t,
    struct bytes text)
{
	struct met m = { t, { false } };
	fault f = stem_each(stem, text, meet, &m);

	*all = f == NULL;
	for (size_t i = 0; i < t->n; i++)
		*all &= m.at[i];
	return f;
}

/* --- where it stands ---------------------------------------------------- */

struct place {
	size_t		start, end;
	bool		match;
};

struct places {
	const struct snippet_terms *terms;
	struct place	*at;
	size_t		n;
	size_t		first;		/* matching one; n if there is none */
};

static void
add_place(void *arg, const struct stem_word *w)
{
	struct places *p = arg;
	struct place here = { w->start, w->end, matches(p->terms, w) };

	if ((p->n & (p->n - 1)) == 0)
		p->at = mem_grow(p->at,
		    (p->n == 0 ? 1 : p->n * 2) * sizeof *p->at);
	if (here.match && p->first == SIZE_MAX)
		p->first = p->n;
	p->at[p->n++] = here;
}

/* One line, whatever the text: white space becomes one space. */
static void
put_line(struct buf *out, const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (at[i] > ' ')
			put_u8(out, at[i]);
		else if (out->len > 0 && out->at[out->len - 1] != ' ')
			put_u8(out, ' ');
	}
}

static void
put_snippet(struct buf *out, struct bytes text, const struct places *p)
{
	size_t from = p->first > BEFORE ? p->first - BEFORE : 0;
	size_t to = p->n - p->first > BEHIND ? p->first + BEHIND : p->n;
	size_t at = from == 0 ? 0 : p->at[from].start;

	if (from > 0)
		buf_text(out, ELLIPSIS);
	for (size_t i = from; i < to; i++) {
		const struct place *w = &p->at[i];

		put_line(out, text.at + at, w->start - at);
		buf_text(out, w->match ? "[" : "");
		put_line(out, text.at + w->start, w->end - w->start);
		buf_text(out, w->match ? "]" : "");
		at = w->end;
	}
	if (to < p->n)
		buf_text(out, ELLIPSIS);
	else
		put_line(out, text.at + at, text.len - at);
	while (out->len > 0 && out->at[out->len - 1] == ' ')
		out->len--;
}

/* *done: the text has a match and its snippet stands in out. */
static fault
try_text(struct buf *out, struct stem *stem, const struct snippet_terms *t,
    struct bytes text, bool *done)
{
	struct places p = { .terms = t, .first = SIZE_MAX };
	fault f = stem_each(stem, text, add_place, &p);

	*done = f == NULL && p.first != SIZE_MAX;
	if (*done)
		put_snippet(out, text, &p);
	free(p.at);
	return f;
}

fault
snippet(struct buf *out, struct stem *stem, const struct snippet_terms *t,
    const struct merged *m)
{
	bool done = false;
	fault f = NULL;

	for (size_t i = 0; f == NULL && !done && i < m->nfields; i++)
		for (size_t k = 0; f == NULL && !done &&
		    k < m->fields[i].nitems; k++)
			if (!m->fields[i].items[k].withheld)
				f = try_text(out, stem, t,
				    m->fields[i].items[k].value, &done);
	return f;
}
