#include "sync/merge.h"

#include <stdlib.h>
#include <string.h>

/*
 * The way: drop copies of a change, put the fields of all changes into one
 * list by (name, kind), and for each run of that list sort what was added
 * and what was superseded and walk both side by side.  So the cost is that
 * of sorting, whatever the changes do to each other.
 */

/* A field of a change. */
struct use {
	const struct change		*by;
	const struct change_field	*field;
};

/* An item that a change supersedes; elem is empty for a value. */
struct mark {
	struct bytes	elem;
	struct dot	dot;
};

struct work {
	const struct change	**changes;	/* each once */
	size_t			nchanges;
	struct use		*uses;
	size_t			nuses;
	struct mark		*marks;		/* of the field at hand */
	size_t			nmarks;
	struct item		*items;		/* of all fields, standing */
	size_t			nitems;
	size_t			from, to;	/* uses: those of withdrawn */
};

typedef int (*order)(const void *, const void *);

/* Most lists come sorted: one change, or changes as the store keeps them. */
static void
sort(void *at, size_t n, size_t size, order cmp)
{
	const char *p = at;

	for (size_t i = 1; i < n; i++)
		if (cmp(p + (i - 1) * size, p + i * size) > 0) {
			qsort(at, n, size, cmp);
			return;
		}
}

static size_t
withheld_fields(const struct change *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nfields; i++)
		n += c->fields[i].withheld;
	return n;
}

static int
by_change(const void *a, const void *b)
{
	const struct change *const *x = a, *const *y = b;

	return dot_cmp(&(*x)->dot, &(*y)->dot);
}

static int
by_use(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	int c = bytes_cmp(x->field->name, y->field->name);

	return c != 0 ? c : (int)x->field->kind - (int)y->field->kind;
}

static int
by_mark(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;
	int c = bytes_cmp(x->elem, y->elem);

	return c != 0 ? c : dot_cmp(&x->dot, &y->dot);
}

static int
by_dot(const void *a, const void *b)
{
	return dot_cmp(a, b);
}

static int
by_item_dot(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return dot_cmp(&x->dot, &y->dot);
}

static int
by_element(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int c = bytes_cmp(x->value, y->value);

	return c != 0 ? c : dot_cmp(&x->dot, &y->dot);
}

/* Of copies of a change stays the one that opened most. */
static void
take_changes(struct work *w, const struct change *const *changes, size_t n)
{
	w->changes = mem_new(n * sizeof(struct change *));
	for (size_t i = 0; i < n; i++)
		w->changes[i] = changes[i];
	sort(w->changes, n, sizeof(struct change *), by_change);
	for (size_t i = 0; i < n; i++) {
		const struct change *c = w->changes[i];
		size_t k = w->nchanges;

		if (k == 0 || dot_cmp(&w->changes[k - 1]->dot, &c->dot) != 0)
			w->changes[w->nchanges++] = c;
		else if (withheld_fields(c) <
		    withheld_fields(w->changes[k - 1]))
			w->changes[k - 1] = c;
	}
}

static void
take_uses(struct work *w)
{
	size_t uses = 0, marks = 0, items = 0;

	for (size_t i = 0; i < w->nchanges; i++) {
		const struct change *c = w->changes[i];

		uses += c->nfields;
		for (size_t k = 0; k < c->nfields; k++) {
			marks += c->fields[k].nsup;
			items += c->fields[k].withheld ? 1 :
			    c->fields[k].nval;
		}
	}
	w->uses = mem_new(uses * sizeof *w->uses);
	w->marks = mem_new(marks * sizeof *w->marks);
	w->items = mem_new(items * sizeof *w->items);
	for (size_t i = 0; i < w->nchanges; i++)
		for (size_t k = 0; k < w->changes[i]->nfields; k++)
			w->uses[w->nuses++] = (struct use){ w->changes[i],
			    &w->changes[i]->fields[k] };
	sort(w->uses, w->nuses, sizeof *w->uses, by_use);
}

static void
add_items(struct work *w, const struct use *u)
{
	const struct change_field *f = u->field;
	struct item it = { u->by->dot, u->by->clock, f->comp, f->withheld,
	    false, BYTES_EMPTY };

	/* How many elements a withheld set adds is not known: one stands. */
	if (f->withheld)
		w->items[w->nitems++] = it;
	for (size_t i = 0; i < f->nval && !f->withheld; i++) {
		it.value = f->val[i];
		w->items[w->nitems++] = it;
	}
}

static void
add_marks(struct work *w, const struct change_field *f)
{
	/* Which element a withheld set removes is not known: none. */
	if (f->kind == KIND_SET && f->withheld)
		return;
	for (size_t i = 0; i < f->nsup; i++)
		w->marks[w->nmarks++] = (struct mark){
		    f->kind == KIND_SET ? f->gone[i] : BYTES_EMPTY,
		    f->sup[i] };
}

/* Keep those of n sorted items that no sorted mark names; how many. */
static size_t
strike(const struct work *w, struct item *items, size_t n, enum kind kind)
{
	size_t left = 0, m = 0;

	for (size_t i = 0; i < n; i++) {
		struct mark it = { BYTES_EMPTY, items[i].dot };
		bool gone;

		if (kind == KIND_SET)
			it.elem = items[i].value;
		while (m < w->nmarks && by_mark(&w->marks[m], &it) < 0)
			m++;
		gone = m < w->nmarks && by_mark(&w->marks[m], &it) == 0;
		/* A withheld element is not the empty one. */
		if (!gone || (kind == KIND_SET && items[i].withheld))
			items[left++] = items[i];
	}
	return left;
}

/* What cannot be read is never said to differ. */
static bool
differ(const struct merged_field *f)
{
	const struct item *first = NULL;

	if (f->kind != KIND_VALUE)
		return false;
	for (size_t i = 0; i < f->nitems; i++) {
		if (f->items[i].withheld)
			continue;
		if (first == NULL)
			first = &f->items[i];
		else if (!bytes_eq(first->value, f->items[i].value))
			return true;
	}
	return false;
}

/* Uses from..to are those of one field. */
static void
merge_field(struct merged_field *f, struct work *w, size_t from, size_t to)
{
	size_t start = w->nitems;

	f->name = w->uses[from].field->name;
	f->kind = w->uses[from].field->kind;
	f->items = w->items + start;
	w->nmarks = 0;
	for (size_t i = from; i < to; i++) {
		add_items(w, &w->uses[i]);
		add_marks(w, w->uses[i].field);
	}
	f->nitems = w->nitems - start;
	sort(f->items, f->nitems, sizeof *f->items,
	    f->kind == KIND_SET ? by_element : by_item_dot);
	sort(w->marks, w->nmarks, sizeof *w->marks, by_mark);
	f->nitems = strike(w, f->items, f->nitems, f->kind);
	w->nitems = start + f->nitems;
	for (size_t i = 0; i < f->nitems; i++)
		f->withheld = f->withheld || f->items[i].withheld;
	f->conflict = differ(f);
}

static bool
is_withdrawal(const struct item *it)
{
	return !it->withheld && bytes_is(it->value, "1");
}

/* The dots that the standing withdrawals know, their own too; sorted. */
static struct dot *
known_to_withdrawals(const struct work *w, const struct merged_field *f,
    size_t *n)
{
	size_t room = 0, left = 0;
	struct dot *dots;

	for (size_t i = w->from; i < w->to; i++)
		room += w->uses[i].field->nsup + 1;
	dots = mem_new(room * sizeof *dots);
	for (size_t i = w->from; i < w->to; i++) {
		const struct use *u = &w->uses[i];
		struct item key = { .dot = u->by->dot };
		const struct item *it = bsearch(&key, f->items, f->nitems,
		    sizeof key, by_item_dot);

		if (it == NULL || !is_withdrawal(it))
			continue;
		dots[left++] = u->by->dot;
		for (size_t k = 0; k < u->field->nsup; k++)
			dots[left++] = u->field->sup[k];
	}
	sort(dots, left, sizeof *dots, by_dot);
	*n = left;
	return dots;
}

/* Does f hold something that no standing withdrawal knew? */
static bool
edited(const struct merged_field *f, const struct dot *known, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < f->nitems; i++) {
		struct item *it = &f->items[i];

		/* Whether a withheld set still holds anything is not known. */
		if (f->kind == KIND_SET && it->withheld)
			continue;
		it->unseen = bsearch(&it->dot, known, n, sizeof *known,
		    by_dot) == NULL;
		any = any || it->unseen;
	}
	return any;
}

/* f is the value field `withdrawn`. */
static void
judge_withdrawal(struct merged *m, struct merged_field *f,
    const struct work *w)
{
	struct dot *known;
	size_t n;

	for (size_t i = 0; i < f->nitems; i++)
		m->withdrawn = m->withdrawn || is_withdrawal(&f->items[i]);
	if (!m->withdrawn)
		return;
	known = known_to_withdrawals(w, f, &n);
	for (size_t i = 0; i < m->nfields; i++)
		if (&m->fields[i] != f && edited(&m->fields[i], known, n))
			m->withdraw_conflict = true;
	f->conflict = f->conflict || m->withdraw_conflict;
	free(known);
}

static void
merge_fields(struct merged *m, struct work *w)
{
	struct merged_field *withdrawn = NULL;

	m->fields = mem_new(w->nuses * sizeof *m->fields);
	for (size_t from = 0, to; from < w->nuses; from = to) {
		struct merged_field *f = &m->fields[m->nfields++];

		for (to = from + 1; to < w->nuses &&
		    by_use(&w->uses[from], &w->uses[to]) == 0; to++)
			;
		merge_field(f, w, from, to);
		if (f->kind == KIND_VALUE &&
		    bytes_is(f->name, FIELD_WITHDRAWN)) {
			withdrawn = f;
			w->from = from;
			w->to = to;
		}
	}
	if (withdrawn != NULL)
		judge_withdrawal(m, withdrawn, w);
	for (size_t i = 0; i < m->nfields; i++)
		m->conflicts += m->fields[i].conflict;
}

void
merge(struct merged *out, const struct change *const *changes, size_t n)
{
	struct merged m = { .nfields = 0 };
	struct work w = { .nchanges = 0 };

	take_changes(&w, changes, n);
	take_uses(&w);
	merge_fields(&m, &w);
	for (size_t i = 0; i < w.nchanges; i++)
		if (w.changes[i]->clock > m.newest)
			m.newest = w.changes[i]->clock;
	/* The items are one block, which those of the first field begin. */
	if (m.nfields == 0)
		free(w.items);
	free(w.changes);
	free(w.uses);
	free(w.marks);
	*out = m;
}

void
merged_free(struct merged *m)
{
	if (m->nfields > 0)
		free(m->fields[0].items);
	free(m->fields);
	*m = (struct merged){ .nfields = 0 };
}

static int
by_field(const void *a, const void *b)
{
	const struct merged_field *x = a, *y = b;
	int c = bytes_cmp(x->name, y->name);

	return c != 0 ? c : (int)x->kind - (int)y->kind;
}

const struct merged_field *
merged_find(const struct merged *m, struct bytes name, enum kind kind)
{
	struct merged_field key = { .name = name, .kind = kind };

	if (m->nfields == 0)
		return NULL;
	return bsearch(&key, m->fields, m->nfields, sizeof key, by_field);
}

const struct item *
merged_shown(const struct merged_field *f)
{
	const struct item *best = NULL;

	/* They stand by dot, so of equal clocks the last is the greatest. */
	for (size_t i = 0; i < f->nitems; i++)
		if (!f->items[i].withheld &&
		    (best == NULL || f->items[i].clock >= best->clock))
			best = &f->items[i];
	return best == NULL || best->value.len == 0 ? NULL : best;
}

struct dot *
merged_dots(const struct merged *m, size_t *n)
{
	size_t all = 0, left = 0;
	struct dot *dots;

	for (size_t i = 0; i < m->nfields; i++)
		all += m->fields[i].nitems;
	dots = mem_new(all * sizeof *dots);
	all = 0;
	for (size_t i = 0; i < m->nfields; i++)
		for (size_t k = 0; k < m->fields[i].nitems; k++)
			dots[all++] = m->fields[i].items[k].dot;
	sort(dots, all, sizeof *dots, by_dot);
	for (size_t i = 0; i < all; i++)
		if (left == 0 || dot_cmp(&dots[left - 1], &dots[i]) != 0)
			dots[left++] = dots[i];
	*n = left;
	return dots;
}

static bool
dumps(const struct item *it, unsigned comps)
{
	return !it->withheld && (comps & 1u << it->comp) != 0;
}

/*
 * Nothing of what is left out may show, or readers of different
 * compartments would differ: no flags, no counts, no emptied fields.
 */
void
merged_dump(struct buf *b, const struct merged *m, unsigned comps)
{
	for (size_t i = 0; i < m->nfields; i++) {
		const struct merged_field *f = &m->fields[i];
		size_t n = 0;

		for (size_t k = 0; k < f->nitems; k++)
			n += dumps(&f->items[k], comps);
		if (n == 0)
			continue;
		put_counted(b, f->name);
		put_u8(b, (uint8_t)f->kind);
		put_uv(b, n);
		for (size_t k = 0; k < f->nitems; k++) {
			const struct item *it = &f->items[k];

			if (!dumps(it, comps))
				continue;
			buf_add(b, it->dot.device.b, WIRE_ID_LEN);
			put_uv(b, it->dot.n);
			put_u8(b, (uint8_t)it->comp);
			put_counted(b, it->value);
		}
	}
}
