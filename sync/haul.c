#include "sync/haul.h"

#include <stdlib.h>
#include <string.h>

#include "sync/commit.h"

#define TREE_MAX	(64u << 10)
#define PACK_BYTES	((uint64_t)16 << 20)	/* what a pulled stick costs */

struct item {
	struct oid	oid;
	uint32_t	len;
};

struct haul {
	struct repo	*from, *to;
	struct item	*items;
	size_t		n, room;
	uint32_t	*slots;		/* item number + 1 by oid; 0: free */
	size_t		nslots;		/* a power of two */
	uint64_t	seed;
	uint64_t	bytes;
	size_t		blob_max;	/* of all that is marked */
	bool		over;
	struct oid	*line;		/* a line yet to be brought, newest first */
	size_t		left;
	struct oid	want;
	struct haul	*seen;		/* thorough: commits visited, a set */
};

struct haul *
haul_new(struct repo *from, struct repo *to)
{
	struct haul *h = mem_new(sizeof *h);

	h->from = from;
	h->to = to;
	random_fill(&h->seed, sizeof h->seed);
	return h;
}

void
haul_free(struct haul *h)
{
	if (h == NULL)
		return;
	free(h->items);
	free(h->slots);
	free(h->line);
	haul_free(h->seen);
	free(h);
}

void
haul_thorough(struct haul *h)
{
	h->seen = haul_new(h->from, h->to);
}

bool
haul_over(const struct haul *h)
{
	return h->over;
}

/* ---- the set of marked objects ------------------------------------------ */

/* Seeded: names that all fall together cannot be made on purpose. */
static size_t
slot_of(const struct haul *h, const struct oid *oid)
{
	uint64_t x;

	memcpy(&x, oid->b, sizeof x);
	x = (x ^ h->seed) * 0x9e3779b97f4a7c15u;
	x ^= x >> 32;
	x *= h->seed | 1;
	return (size_t)(x >> 32) & (h->nslots - 1);
}

static uint32_t *
slot(const struct haul *h, const struct oid *oid)
{
	size_t at = slot_of(h, oid);

	while (h->slots[at] != 0 &&
	    !oid_eq(&h->items[h->slots[at] - 1].oid, oid))
		at = (at + 1) & (h->nslots - 1);
	return &h->slots[at];
}

static void
spread(struct haul *h)
{
	h->nslots = h->nslots == 0 ? 1024 : h->nslots * 2;
	free(h->slots);
	h->slots = mem_new(h->nslots * sizeof h->slots[0]);
	for (size_t i = 0; i < h->n; i++)
		*slot(h, &h->items[i].oid) = (uint32_t)i + 1;
}

static bool
marked(const struct haul *h, const struct oid *oid)
{
	return h->nslots > 0 && *slot(h, oid) != 0;
}

static void
mark(struct haul *h, const struct oid *oid, size_t len)
{
	if (marked(h, oid))
		return;
	if (h->n == h->room) {
		h->room = h->room == 0 ? 64 : h->room * 2;
		h->items = mem_grow(h->items, h->room * sizeof h->items[0]);
	}
	if (h->n * 2 >= h->nslots)
		spread(h);
	h->items[h->n].oid = *oid;
	h->items[h->n].len = (uint32_t)len;
	*slot(h, oid) = (uint32_t)++h->n;
	h->bytes += len;
}

/* Back to n marks.  The last set is the first to go: no gap can come up. */
static void
unmark(struct haul *h, size_t n)
{
	while (h->n > n) {
		*slot(h, &h->items[h->n - 1].oid) = 0;
		h->bytes -= h->items[--h->n].len;
	}
}

/* ---- one commit --------------------------------------------------------- */

static bool
wanted(const struct haul *h, const struct oid *oid)
{
	return !marked(h, oid) && !repo_has(h->to, oid);
}

/* Mark oid if it is wanted, is of this type and not longer than max. */
static fault
mark_checked(struct haul *h, const struct oid *oid, enum object_type type,
    size_t max)
{
	enum object_type is;
	size_t len;
	char hex[41];
	fault f;

	if (!wanted(h, oid))
		return NULL;
	if ((f = repo_header(&is, &len, h->from, oid)) != NULL)
		return f;
	oid_hex(hex, oid);
	if (is != type)
		return fault_new(FAULT_FORMAT, "object %s is of another type",
		    hex);
	h->over = len > max;
	if (h->over)
		return fault_new(FAULT_FORMAT, "object %s is larger than the "
		    "%zu bytes allowed", hex, max);
	mark(h, oid, len);
	return NULL;
}

static fault
mark_tree(struct haul *h, const struct oid *tree, size_t blob_max)
{
	struct tree_entry *e = NULL;
	struct buf raw = BUF_EMPTY;
	size_t n = 0;
	fault f = mark_checked(h, tree, OBJECT_TREE, TREE_MAX);

	if (f != NULL)
		return f;
	f = repo_read_tree(&e, &n, h->from, tree, WIRE_MEMBERS_MAX);
	/* Whole, and yet not a tree of ours: the verifier will name it. */
	if (f != NULL && f->code == FAULT_FORMAT)
		f = repo_read(&raw, h->from, tree, OBJECT_TREE, TREE_MAX);
	for (size_t i = 0; i < n && f == NULL; i++)
		f = mark_checked(h, &e[i].blob, OBJECT_BLOB, blob_max);
	buf_free(&raw);
	free(e);
	return f;
}

/*
 * Does `to` have this commit with its tree, blobs and `parents` first
 * parents?  Then what is behind it is there too: see haul_copy.
 */
static bool
complete(struct haul *h, const struct oid *oid, const struct commit *c,
    size_t parents)
{
	struct tree_entry *e = NULL;
	size_t n = 0;
	bool ok = repo_has(h->to, oid) && repo_has(h->to, &c->tree);

	for (size_t i = 0; i < parents && ok; i++)
		ok = repo_has(h->to, &c->parents[i]);
	if (ok)
		ok = repo_read_tree(&e, &n, h->to, &c->tree,
		    WIRE_MEMBERS_MAX) == NULL;
	for (size_t i = 0; i < n && ok; i++)
		ok = repo_has(h->to, &e[i].blob);
	free(e);
	return ok;
}

/* ---- a hub's line ------------------------------------------------------- */

/* A commit of the line.  *odd: it is not of our form. */
static fault
look(struct commit *c, bool *odd, size_t *len, struct haul *h,
    const struct oid *at)
{
	struct buf raw = BUF_EMPTY;
	enum object_type type;
	fault f;

	if ((f = repo_header(&type, len, h->from, at)) != NULL)
		return f;
	h->over = type == OBJECT_COMMIT && *len > WIRE_COMMIT_MAX;
	f = repo_read(&raw, h->from, at, OBJECT_COMMIT, WIRE_COMMIT_MAX);
	if (f == NULL)
		*odd = commit_parse(c, buf_view(&raw)) != NULL;
	buf_free(&raw);
	return f;
}

/* One more of the line, unless it is there.  *at is then the one before. */
static fault
step(struct haul *h, struct oid *at, bool *end)
{
	struct commit c;
	size_t len;
	bool odd, first;
	fault f = look(&c, &odd, &len, h, at);

	*end = true;
	if (f != NULL)
		return f;
	/* Not of our form: it is brought, and the line ends here. */
	first = odd || c.seq == 1 || c.nparents == 0;
	if (!odd && complete(h, at, &c, first ? 0 : 1))
		return NULL;
	if ((h->left & (h->left - 1)) == 0)
		h->line = mem_grow(h->line,
		    (h->left == 0 ? 1 : h->left * 2) * sizeof *h->line);
	h->line[h->left++] = *at;
	*end = first;
	if (!first)
		*at = c.parents[0];
	return NULL;
}

static fault
too_long(struct haul *h)
{
	h->over = true;
	return fault_new(FAULT_FORMAT, "more than %u new commits at once; "
	    "nothing was taken", WIRE_LINE_MAX);
}

/* Names only: what they stand for is read when its part comes. */
static fault
walk(struct haul *h, const struct oid *have, const struct oid *want)
{
	struct oid at = *want;
	bool end = false;
	fault f = NULL;

	h->left = 0;
	h->want = *want;
	while (f == NULL && !end && !oid_eq(&at, have))
		f = h->left == WIRE_LINE_MAX ? too_long(h) :
		    step(h, &at, &end);
	return f;
}

static fault
mark_commit(struct haul *h, const struct oid *oid, size_t blob_max)
{
	struct commit c;
	size_t len;
	bool odd;
	fault f = look(&c, &odd, &len, h, oid);

	if (f == NULL && !odd)
		f = mark_tree(h, &c.tree, blob_max);
	if (f == NULL && wanted(h, oid))
		mark(h, oid, len);
	return f;
}

/* By one commit alone. */
static fault
too_much(struct haul *h, const struct haul_bounds *most)
{
	h->over = true;
	return fault_new(FAULT_FORMAT, "more came at once than is allowed (%u "
	    "commits, %u bytes)", (unsigned)most->commits,
	    (unsigned)most->bytes);
}

/* Oldest first, so that every part of it is whole. */
fault
haul_next(struct haul *h, struct oid *reached, const struct haul_bounds *most)
{
	size_t before, i;
	fault f;

	h->over = false;
	h->blob_max = most->blob;
	*reached = h->want;
	for (i = 0; h->left > 0 && i < most->commits; i++) {
		before = h->n;
		if ((f = mark_commit(h, &h->line[h->left - 1],
		    most->blob)) != NULL)
			return f;
		if (h->bytes > most->bytes) {
			unmark(h, before);
			break;
		}
		h->left--;
	}
	if (h->left == 0)
		return NULL;
	if (i == 0)
		return too_much(h, most);
	*reached = h->line[h->left];
	return NULL;
}

fault
haul_line(struct haul *h, struct oid *reached, const struct haul_bounds *most,
    const struct oid *have, const struct oid *want)
{
	fault f;

	h->over = false;
	f = walk(h, have, want);
	return f != NULL ? f : haul_next(h, reached, most);
}

/* ---- all that a commit needs -------------------------------------------- */

struct visit {
	struct oid	oid, tree;
	size_t		len, blob_max;
	bool		parents_done;
};

struct stack {
	struct visit	*at;
	size_t		n, room;
};

static void
push(struct stack *s, const struct visit *v)
{
	if (s->n == s->room) {
		s->room = s->room == 0 ? 64 : s->room * 2;
		s->at = mem_grow(s->at, s->room * sizeof s->at[0]);
	}
	s->at[s->n++] = *v;
}

static fault
visit_again(struct haul *h, const struct visit *v)
{
	fault f = mark_tree(h, &v->tree, v->blob_max);

	if (f == NULL && wanted(h, &v->oid))
		mark(h, &v->oid, v->len);
	return f;
}

/* Been there in this haul, or no need to go: `to` has it all? */
static bool
settled(struct haul *h, const struct oid *oid, const struct commit *c)
{
	bool been;

	if (h->seen == NULL)
		return complete(h, oid, c, c->nparents);
	been = marked(h->seen, oid);
	mark(h->seen, oid, 0);
	return been;
}

/* First visit: come back when the parents are done, unless `to` has it. */
static fault
visit_first(struct haul *h, struct stack *s, struct visit v)
{
	struct buf raw = BUF_EMPTY;
	struct commit c;
	fault f;

	if (marked(h, &v.oid))
		return NULL;
	if ((f = repo_read(&raw, h->from, &v.oid, OBJECT_COMMIT,
	    WIRE_COMMIT_MAX)) != NULL ||
	    (f = commit_parse(&c, buf_view(&raw))) != NULL)
		goto done;
	if (settled(h, &v.oid, &c))
		goto done;
	v.tree = c.tree;
	v.len = raw.len;
	v.blob_max = ref_blob_max(c.ref);
	v.parents_done = true;
	push(s, &v);
	for (size_t i = c.nparents; i-- > 0;)
		push(s, &(struct visit){ .oid = c.parents[i] });
done:
	buf_free(&raw);
	return f;
}

fault
haul_all(struct haul *h, const struct oid *want)
{
	struct stack s = { NULL, 0, 0 };
	fault f = NULL;

	h->blob_max = WIRE_KEYRING_MAX;
	push(&s, &(struct visit){ .oid = *want });
	while (s.n > 0 && f == NULL) {
		struct visit v = s.at[--s.n];

		f = v.parents_done ? visit_again(h, &v) :
		    visit_first(h, &s, v);
	}
	free(s.at);
	return f;
}

/* ---- carry -------------------------------------------------------------- */

fault
haul_copy(struct haul *h, size_t *n)
{
	struct oid *oids = mem_new(h->n * sizeof *oids);
	size_t first = 0;
	uint64_t bytes = 0;
	fault f = NULL;

	for (size_t i = 0; i < h->n && f == NULL; i++) {
		oids[i] = h->items[i].oid;
		bytes += h->items[i].len;
		if (bytes < PACK_BYTES && i + 1 < h->n)
			continue;
		f = repo_pack(h->from, oids + first, i + 1 - first,
		    repo_dir(h->to), h->blob_max);
		first = i + 1;
		bytes = 0;
	}
	free(oids);
	repo_refresh(h->to);
	if (f == NULL)
		*n = h->n;
	unmark(h, 0);
	return f;
}
