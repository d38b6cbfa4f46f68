/*
 * show, list, search -- reading.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>
#include <string.h>

#include "fieldkit/show.h"

#include "fieldkit/search.h"
#include "sync/base/clock.h"

#define SEARCH_LIMIT 50

static fault
put(struct ctx *c, const struct progress *p, const struct record *r,
    const char *snippet)
{
	return c->json ? show_json(c, p, r, snippet) :
	    show_line(c, p, r, snippet);
}

fault
cmd_show(struct ctx *c)
{
	struct progress p = { NULL, 0 };
	struct record r = { .nchanges = 0 };
	fault f;

	if ((f = cmd_unlock_site(c)) != NULL)
		return f;
	if ((f = cmd_record(c, c->args[0], &r)) != NULL)
		return f->code == FAULT_ERASED ? show_tombstone(c, &r.id) : f;
	if ((f = exchange_progress(&c->home, &p)) == NULL)
		f = c->json ? show_json(c, &p, &r, NULL) :
		    show_text(c, &p, &r);
	progress_free(&p);
	record_free(&r);
	return f;
}

/* --- list --------------------------------------------------------------- */

struct listing {
	struct ctx	*c;
	struct progress	p;
	uint64_t	since_ms;	/* records modified before are left out */
	const char	*since;		/* "YYYY-MM-DD", against `date` if set */
	size_t		left;		/* SIZE_MAX: no limit */
};

/* Does any standing value or element of the field equal the wanted one? */
static bool
has_value(const struct record *r, struct bytes field, struct bytes value)
{
	for (int k = KIND_VALUE; k <= KIND_SET; k++) {
		const struct merged_field *mf = merged_find(&r->merged, field,
		    (enum kind)k);

		for (size_t i = 0; mf != NULL && i < mf->nitems; i++)
			if (!mf->items[i].withheld &&
			    bytes_eq(mf->items[i].value, value))
				return true;
	}
	return false;
}

static bool
wanted(const struct listing *l, const struct record *r)
{
	struct assign a;
	const char *w;

	for (int k = 0; (w = option_nth(l->c, "where", k)) != NULL; k++)
		if (assign_parse(&a, w) != NULL ||
		    !has_value(r, a.field, a.value))
			return false;
	return true;
}

/* The day it is about, or else the day it was last changed. */
static bool
recent(const struct listing *l, const struct record *r)
{
	const struct merged_field *mf;
	const struct item *it;
	char when[32];

	if (l->since == NULL)
		return true;
	mf = merged_find(&r->merged, bytes_of("date"), KIND_VALUE);
	it = mf == NULL ? NULL : merged_shown(mf);
	if (it != NULL && !it->withheld)
		return bytes_cmp(it->value, bytes_of(l->since)) >= 0;
	clock_text(when, hlc_ms(r->merged.newest));
	return strncmp(when, l->since, strlen(l->since)) >= 0;
}

static fault
list_one(void *arg, struct record *r)
{
	struct listing *l = arg;

	if (l->left == 0 || !wanted(l, r) || !recent(l, r))
		return NULL;
	if (l->left != SIZE_MAX)
		l->left--;
	return put(l->c, &l->p, r, NULL);
}

static fault
read_limit(struct ctx *c, size_t none, size_t *limit)
{
	const char *s = option(c, "limit");
	char *end;

	*limit = none;
	if (s == NULL)
		return NULL;
	*limit = strtoul(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0')
		return fault_new(FAULT_USAGE, "--limit is a whole number");
	return NULL;
}

/* Every --where names a field and a value; an unknown field is a mistake. */
static fault
check_where(struct ctx *c, const struct pack_type *only)
{
	struct assign a;
	const char *w;
	fault f = NULL;

	for (int k = 0; f == NULL &&
	    (w = option_nth(c, "where", k)) != NULL; k++) {
		bool known = false;

		if ((f = assign_parse(&a, w)) != NULL)
			break;
		if (a.op != ASSIGN_SET)
			f = fault_new(FAULT_USAGE, "--where is FIELD=VALUE");
		for (size_t i = 0; i < c->pack->ntypes; i++)
			known |= (only == NULL || only == &c->pack->types[i]) &&
			    pack_field(&c->pack->types[i], a.field) != NULL;
		if (f == NULL && !known)
			f = fault_new(FAULT_INVALID, "no type has a field "
			    "'%.*s'", (int)a.field.len,
			    (const char *)a.field.at);
	}
	return f;
}

fault
cmd_list(struct ctx *c)
{
	struct listing l = { .c = c, .since = option(c, "since") };
	const struct pack_type *only = NULL;
	struct bytes type = BYTES_EMPTY;
	fault f;

	if ((f = read_limit(c, SIZE_MAX, &l.left)) != NULL ||
	    (f = cmd_unlock_site(c)) != NULL)
		return f;
	if (l.since != NULL && strlen(l.since) != 10)
		return fault_new(FAULT_USAGE, "--since is a date: YYYY-MM-DD");
	if (c->nargs == 1) {
		type = bytes_of(c->args[0]);
		if ((only = pack_type(c->pack, type)) == NULL)
			return fault_new(FAULT_INVALID, "there is no type "
			    "'%.60s'; 'fieldkit types' lists them",
			    c->args[0]);
	}
	if ((f = check_where(c, only)) != NULL)
		return f;
	if ((f = exchange_progress(&c->home, &l.p)) == NULL)
		f = store_each(&c->home.store, type, option_given(c, "all"),
		    list_one, &l);
	progress_free(&l.p);
	return f;
}

/* --- search ------------------------------------------------------------- */

static fault
show_hits(struct ctx *c, const struct search_result *found)
{
	struct progress p = { NULL, 0 };
	fault f = exchange_progress(&c->home, &p);

	for (size_t i = 0; f == NULL && i < found->n; i++) {
		const struct search_hit *hit = &found->hits[i];
		struct record r = { .nchanges = 0 };

		if ((f = store_record(&c->home.store, &r, &hit->id)) == NULL)
			f = put(c, &p, &r, hit->snippet);
		record_free(&r);
	}
	progress_free(&p);
	return f;
}

fault
cmd_search(struct ctx *c)
{
	struct search_result found = { .hits = NULL };
	struct buf words = BUF_EMPTY;
	size_t limit;
	fault f;

	if ((f = read_limit(c, SEARCH_LIMIT, &limit)) != NULL ||
	    (f = cmd_unlock_site(c)) != NULL)
		return f;
	for (int i = 0; i < c->nargs; i++)
		buf_text(&words, "%s%s", i == 0 ? "" : " ", c->args[i]);
	if (!bytes_utf8(buf_view(&words)))
		f = fault_new(FAULT_INVALID, "the words are not UTF-8 text");
	if (f == NULL && (f = search_start(c->home.db)) == NULL &&
	    (f = search(&c->home.store, buf_cstr(&words), limit,
	    &found)) == NULL)
		f = show_hits(c, &found);
	if (f == NULL && found.behind)
		note("the index of words could not be brought up to date; "
		    "%zu records that are not in it were looked through one by "
		    "one (%s)", found.scanned, found.why.text);
	search_free(&found);
	buf_wipe(&words);
	return f;
}
