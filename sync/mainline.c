#include "sync/mainline.h"

#include <stdlib.h>
#include <string.h>

#include "sync/base/codec.h"
#include "sync/mainline_own.h"
#include "sync/pins.h"

#define CACHE "refs/cache/accepted"
#define CACHE_AFTER 64		/* commits walked that are worth a note */
#define CACHE_MAX (1u << 20)

/* --- main's tree -------------------------------------------------------- */

fault
leaves_read(struct leaves *out, struct site *s, const struct oid *tree)
{
	return repo_read_tree(&out->at, &out->n, s->repo, tree,
	    WIRE_MEMBERS_MAX);
}

void
leaves_set(struct leaves *l, const struct tree_entry *e)
{
	size_t i = 0;

	while (i < l->n && strcmp(l->at[i].name, e->name) < 0)
		i++;
	if (i == l->n || strcmp(l->at[i].name, e->name) != 0) {
		l->at = mem_grow(l->at, (l->n + 1) * sizeof *l->at);
		memmove(&l->at[i + 1], &l->at[i], (l->n - i) * sizeof *l->at);
		l->n++;
	}
	l->at[i] = *e;
}

bool
leaves_eq(const struct leaves *a, const struct leaves *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->at[i].name, b->at[i].name) != 0 ||
		    !oid_eq(&a->at[i].blob, &b->at[i].blob))
			return false;
	return true;
}

void
leaves_free(struct leaves *l)
{
	free(l->at);
	*l = (struct leaves){ NULL, 0 };
}

fault
leaf_of(struct tree_entry *out, struct site *s, const struct commit *c)
{
	struct tree_entry *at = NULL;
	size_t n;
	fault f = repo_read_tree(&at, &n, s->repo, &c->tree, 1);

	if (f == NULL && n != 1)
		f = fault_new(FAULT_FORMAT, "a commit of %s is empty", c->ref);
	if (f == NULL)
		*out = at[0];
	free(at);
	return f;
}

/* --- the state ---------------------------------------------------------- */

const struct accepted *
mainline_find(const struct mainline *m, const struct id *device)
{
	for (size_t i = 0; i < m->n; i++)
		if (id_eq(&m->at[i].device, device))
			return &m->at[i];
	return NULL;
}

void
mainline_set(struct mainline *m, const struct accepted *a)
{
	size_t i = 0;

	while (i < m->n && id_cmp(&m->at[i].device, &a->device) < 0)
		i++;
	if (i == m->n || !id_eq(&m->at[i].device, &a->device)) {
		m->at = mem_grow(m->at, (m->n + 1) * sizeof *m->at);
		memmove(&m->at[i + 1], &m->at[i], (m->n - i) * sizeof *m->at);
		m->n++;
	}
	m->at[i] = *a;
}

void
mainline_free(struct mainline *m)
{
	free(m->at);
	*m = (struct mainline){ .n = 0 };
}

struct accepted
mainline_accept(const struct commit *c, size_t i)
{
	return (struct accepted){ c->accepts[i].device, c->accepts[i].seq,
	    c->accepts[i].hash, c->parents[i + (c->seq > 1)] };
}

bool
mainline_admitted(const struct member *m, uint64_t at)
{
	return m != NULL && (m->invited_at == 0 ||
	    (m->admitted_at != 0 && m->admitted_at <= at));
}

/* --- the note of a long walk -------------------------------------------- */

static void
note_put(struct buf *b, const struct mainline *m)
{
	buf_add(b, m->head.b, OID_LEN);
	put_u64(b, m->seq);
	for (size_t i = 0; i < m->n; i++) {
		buf_add(b, m->at[i].device.b, WIRE_ID_LEN);
		put_u64(b, m->at[i].seq);
		buf_add(b, m->at[i].hash.b, WIRE_HASH_LEN);
		buf_add(b, m->at[i].oid.b, OID_LEN);
	}
}

static bool
note_get(struct mainline *m, struct bytes in)
{
	struct reader r = reader_of(in);
	struct accepted a;

	get_copy(&r, m->head.b, OID_LEN);
	m->seq = get_u64(&r);
	while (reader_left(&r) > 0) {
		get_copy(&r, a.device.b, WIRE_ID_LEN);
		a.seq = get_u64(&r);
		get_copy(&r, a.hash.b, WIRE_HASH_LEN);
		get_copy(&r, a.oid.b, OID_LEN);
		if (reader_ok(&r))
			mainline_set(m, &a);
	}
	return reader_whole(&r);
}

/* A note that cannot be read is as good as none: it only saves time. */
static fault
note_read(struct mainline *m, struct site *s)
{
	struct buf b = BUF_EMPTY;
	struct oid at;
	fault f = ref_get(&at, s->repo, CACHE);

	if (f != NULL || oid_zero(&at))
		return f;
	f = repo_read(&b, s->repo, &at, OBJECT_BLOB, CACHE_MAX);
	if (f != NULL && (f->code == FAULT_FORMAT || f->code == FAULT_ABSENT))
		f = NULL;
	else if (f == NULL && !note_get(m, buf_view(&b)))
		mainline_free(m);
	buf_free(&b);
	return f;
}

static fault
note_write(const struct mainline *m, struct site *s)
{
	struct buf b = BUF_EMPTY;
	struct oid old, new;
	fault f;

	note_put(&b, m);
	if ((f = ref_get(&old, s->repo, CACHE)) == NULL &&
	    (f = repo_write(&new, s->repo, OBJECT_BLOB, buf_view(&b))) ==
	    NULL && !oid_eq(&old, &new))
		f = ref_put(s->repo, CACHE, &old, &new);
	buf_free(&b);
	/* Another reader was first, with the same. */
	return f != NULL && f->code == FAULT_RACE ? NULL : f;
}

/* --- reading ------------------------------------------------------------ */

/* What c accepts and no newer commit did. */
static void
take_older(struct mainline *m, const struct commit *c)
{
	struct accepted a;

	for (size_t i = 0; i < c->naccepts; i++) {
		a = mainline_accept(c, i);
		if (mainline_find(m, &a.device) == NULL)
			mainline_set(m, &a);
	}
}

/*
 * Backwards until every device of main's tree has been met, or the commit
 * that the note is about.
 */
static fault
walk(struct mainline *m, size_t *walked, struct site *s, size_t devices,
    const struct mainline *note)
{
	struct oid at = m->head;
	struct commit c;
	fault f;

	for (*walked = 0; m->n < devices; ++*walked) {
		if (oid_eq(&at, &note->head)) {
			for (size_t i = 0; i < note->n; i++)
				if (mainline_find(m, &note->at[i].device) ==
				    NULL)
					mainline_set(m, &note->at[i]);
			break;
		}
		if ((f = site_commit(&c, s, &at)) != NULL)
			return f;
		take_older(m, &c);
		if (!site_before(&at, &c))
			break;
	}
	return NULL;
}

fault
mainline_read(struct mainline *out, struct site *s, const struct oid *head)
{
	struct mainline m = { .head = *head }, note = { .n = 0 };
	struct leaves tree = { NULL, 0 };
	struct commit c;
	size_t walked = 0;
	fault f = NULL;

	if (oid_zero(head))
		goto done;
	if ((f = site_commit(&c, s, head)) != NULL ||
	    (f = leaves_read(&tree, s, &c.tree)) != NULL ||
	    (f = note_read(&note, s)) != NULL)
		goto done;
	m.seq = c.seq;
	if ((f = walk(&m, &walked, s, tree.n, &note)) != NULL)
		goto done;
	if (walked >= CACHE_AFTER)
		f = note_write(&m, s);
done:
	leaves_free(&tree);
	mainline_free(&note);
	if (f == NULL)
		*out = m;
	else
		mainline_free(&m);
	return f;
}

/* --- what is bound ------------------------------------------------------ */

fault
mainline_bound(struct oid *out, uint64_t *seq, struct site *s)
{
	struct repo_ref *pins = NULL;
	struct commit c;
	size_t n = 0;
	fault f = pin_all(&pins, &n, s->repo, SITE_MAIN);

	*out = (struct oid){ { 0 } };
	*seq = 0;
	for (size_t i = 0; f == NULL && i < n; i++) {
		f = site_commit(&c, s, &pins[i].oid);
		if (f == NULL && c.seq > *seq) {
			*seq = c.seq;
			*out = pins[i].oid;
		}
	}
	free(pins);
	return f;
}

fault
mainline_drop(struct site *s)
{
	struct oid now, bound;
	uint64_t seq;
	fault f;

	if ((f = ref_get(&now, s->repo, SITE_MAIN)) != NULL ||
	    (f = mainline_bound(&bound, &seq, s)) != NULL ||
	    oid_eq(&now, &bound))
		return f;
	return oid_zero(&bound) ? repo_ref_delete(s->repo, SITE_MAIN) :
	    ref_put(s->repo, SITE_MAIN, &now, &bound);
}
