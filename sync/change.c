#include "sync/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A removed element with the dot that had added it. */
struct pair {
	struct bytes	elem;
	struct dot	dot;
};

int
dot_cmp(const struct dot *a, const struct dot *b)
{
	int c = id_cmp(&a->device, &b->device);

	if (c != 0)
		return c;
	return a->n < b->n ? -1 : a->n > b->n;
}

bool
index_eq(const struct index *a, const struct index *b)
{
	return a->n == b->n && id_eq(&a->creator, &b->creator);
}

const char *
dot_text(char to[DOT_TEXT], const struct dot *d)
{
	id_hex(to, &d->device);
	snprintf(to + ID_HEX - 1, DOT_TEXT - (ID_HEX - 1), ".%llu",
	    (unsigned long long)d->n);
	return to;
}

bool
dot_parse(struct dot *out, const char *text)
{
	const size_t hex = ID_HEX - 1;
	struct dot d = { .n = 0 };
	const char *p;

	if (strlen(text) < hex + 2)
		return false;
	p = text + hex;
	if (p[0] != '.' || p[1] == '0' ||
	    !hex_parse(d.device.b, WIRE_ID_LEN,
	    (struct bytes){ (const uint8_t *)text, hex }))
		return false;
	for (p++; *p >= '0' && *p <= '9' && d.n <= WIRE_COUNTER_MAX; p++)
		d.n = d.n * 10 + (uint64_t)(*p - '0');
	if (*p != '\0' || d.n > WIRE_COUNTER_MAX)
		return false;
	*out = d;
	return true;
}

/*
 * The arrays have no member for their room: n things stand in room for the
 * next power of two.
 */
static void *
one_more(void *at, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return at;
	return mem_grow(at, (n == 0 ? 1 : 2 * n) * size);
}

struct change_field *
change_add(struct change *c, struct bytes name, enum compartment comp,
    enum kind kind)
{
	c->fields = one_more(c->fields, c->nfields, sizeof *c->fields);
	c->fields[c->nfields] = (struct change_field){
	    .name = name, .comp = comp, .kind = kind };
	return &c->fields[c->nfields++];
}

void
change_add_value(struct change_field *f, struct bytes value)
{
	f->val = one_more(f->val, f->nval, sizeof *f->val);
	f->val[f->nval++] = value;
}

void
change_add_sup(struct change_field *f, const struct dot *d, struct bytes elem)
{
	f->sup = one_more(f->sup, f->nsup, sizeof *f->sup);
	f->sup[f->nsup] = *d;
	if (f->kind == KIND_SET) {
		f->gone = one_more(f->gone, f->nsup, sizeof *f->gone);
		f->gone[f->nsup] = elem;
	}
	f->nsup++;
}

void
change_free(struct change *c)
{
	for (size_t i = 0; i < c->nfields; i++) {
		free(c->fields[i].sup);
		free(c->fields[i].gone);
		free(c->fields[i].val);
	}
	free(c->fields);
	*c = (struct change)CHANGE_EMPTY;
}

static int
by_name(const void *a, const void *b)
{
	const struct change_field *x = a, *y = b;

	return bytes_cmp(x->name, y->name);
}

static int
by_bytes(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;

	return bytes_cmp(*x, *y);
}

static int
by_dot(const void *a, const void *b)
{
	return dot_cmp(a, b);
}

static int
by_pair(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int c = bytes_cmp(x->elem, y->elem);

	return c != 0 ? c : dot_cmp(&x->dot, &y->dot);
}

/* Sort n things of size at at and drop repeats; how many are left. */
static size_t
sort_unique(void *at, size_t n, size_t size,
    int (*cmp)(const void *, const void *))
{
	char *p = at;
	size_t left = 0;

	if (n == 0)
		return 0;
	qsort(at, n, size, cmp);
	for (size_t i = 1; i < n; i++)
		if (cmp(p + left * size, p + i * size) != 0)
			memmove(p + ++left * size, p + i * size, size);
	return left + 1;
}

static struct pair
pair_of(const struct change_field *f, size_t i)
{
	return (struct pair){ f->gone[i], f->sup[i] };
}

static void
sort_pairs(struct change_field *f)
{
	struct pair *pairs = mem_new(f->nsup * sizeof *pairs);

	for (size_t i = 0; i < f->nsup; i++)
		pairs[i] = pair_of(f, i);
	f->nsup = sort_unique(pairs, f->nsup, sizeof *pairs, by_pair);
	for (size_t i = 0; i < f->nsup; i++) {
		f->gone[i] = pairs[i].elem;
		f->sup[i] = pairs[i].dot;
	}
	free(pairs);
}

void
change_sort(struct change *c)
{
	struct change_field *f = c->fields, *end = f + c->nfields;

	if (c->nfields > 1)
		qsort(f, c->nfields, sizeof *f, by_name);
	for (; f < end; f++) {
		if (f->kind == KIND_VALUE) {
			f->nsup = sort_unique(f->sup, f->nsup, sizeof *f->sup,
			    by_dot);
			continue;
		}
		f->nval = sort_unique(f->val, f->nval, sizeof *f->val,
		    by_bytes);
		if (!f->withheld)
			sort_pairs(f);
	}
}

unsigned
change_comps(const struct change *c)
{
	unsigned mask = 0;

	for (size_t i = 0; i < c->nfields; i++)
		mask |= 1u << c->fields[i].comp;
	return mask;
}

static fault
check_value(const struct change_field *f, struct bytes v)
{
	if (v.len <= WIRE_VALUE_MAX)
		return NULL;
	return fault_new(FAULT_INVALID, "field %.*s: a value of %zu bytes; "
	    "at most %u can be kept", (int)f->name.len,
	    (const char *)f->name.at, v.len, WIRE_VALUE_MAX);
}

static fault
check_payload(const struct change_field *f)
{
	size_t most = f->kind == KIND_VALUE ? 1 : WIRE_ELEMS_MAX;
	fault bad = NULL;

	if (f->nval > most || (f->kind == KIND_VALUE && f->nval == 0))
		return fault_new(FAULT_INVALID, "field %.*s: %zu values; "
		    "at most %zu can be set at once", (int)f->name.len,
		    (const char *)f->name.at, f->nval, most);
	for (size_t i = 0; i < f->nval && bad == NULL; i++)
		bad = check_value(f, f->val[i]);
	for (size_t i = 0; f->kind == KIND_SET && i < f->nsup && bad == NULL;
	    i++)
		bad = check_value(f, f->gone[i]);
	return bad;
}

/* As change_sort leaves it? */
static bool
in_order(const struct change_field *f)
{
	bool set = f->kind == KIND_SET, ok = true;

	for (size_t i = 1; i < f->nval && ok; i++)
		ok = bytes_cmp(f->val[i - 1], f->val[i]) < 0;
	if (set && f->withheld)
		return ok;
	for (size_t i = 1; i < f->nsup && ok; i++) {
		struct pair x = { BYTES_EMPTY, f->sup[i - 1] };
		struct pair y = { BYTES_EMPTY, f->sup[i] };

		if (set) {
			x.elem = f->gone[i - 1];
			y.elem = f->gone[i];
		}
		ok = by_pair(&x, &y) < 0;
	}
	return ok;
}

static fault
check_field(const struct change_field *f)
{
	int len = (int)f->name.len;
	const char *name = (const char *)f->name.at;

	if (f->comp < COMP_TEAM || f->comp >= COMP_COUNT || f->kind > KIND_SET)
		return fault_new(FAULT_INVALID, "field %.*s: no such "
		    "compartment or kind", len, name);
	if (f->nsup > WIRE_DOTS_MAX)
		return fault_new(FAULT_INVALID, "field %.*s: it would follow "
		    "on %zu earlier changes at once; at most %u can be named",
		    len, name, f->nsup, WIRE_DOTS_MAX);
	for (size_t i = 0; i < f->nsup; i++)
		if (f->sup[i].n == 0 || f->sup[i].n > WIRE_COUNTER_MAX)
			return fault_new(FAULT_INVALID, "field %.*s: it names "
			    "a change without a number", len, name);
	if (!in_order(f))
		return fault_new(FAULT_INVALID, "field %.*s: its values are "
		    "not in order", len, name);
	return f->withheld ? NULL : check_payload(f);
}

static fault
check_head(const struct change *c)
{
	if (c->dot.n == 0 || c->dot.n > WIRE_COUNTER_MAX)
		return fault_new(FAULT_INVALID, "a change without a number");
	if (c->index.n == 0 || c->index.n > WIRE_INDEX_MAX)
		return fault_new(FAULT_INVALID, "a record without a number");
	if (c->type.len == 0 || c->type.len > WIRE_NAME_MAX)
		return fault_new(FAULT_INVALID, "a record type of %zu bytes; "
		    "it has 1 to %u", c->type.len, WIRE_NAME_MAX);
	if (c->nfields == 0 || c->nfields > WIRE_FIELDS_MAX)
		return fault_new(FAULT_INVALID, "a change of %zu fields; "
		    "it has 1 to %u", c->nfields, WIRE_FIELDS_MAX);
	return NULL;
}

fault
change_check(const struct change *c)
{
	fault bad = check_head(c);
	size_t len;

	for (size_t i = 0; i < c->nfields && bad == NULL; i++) {
		const struct change_field *f = &c->fields[i];

		if (f->name.len == 0 || f->name.len > WIRE_NAME_MAX)
			bad = fault_new(FAULT_INVALID, "a field name of %zu "
			    "bytes; it has 1 to %u", f->name.len,
			    WIRE_NAME_MAX);
		else if (i > 0 && bytes_cmp(f[-1].name, f->name) >= 0)
			bad = fault_new(FAULT_INVALID, "field %.*s is set "
			    "twice, or out of order", (int)f->name.len,
			    (const char *)f->name.at);
		else
			bad = check_field(f);
	}
	if (bad != NULL)
		return bad;
	len = change_len(c);
	if (len > WIRE_CHANGE_MAX)
		return fault_new(FAULT_INVALID, "a change of %zu bytes; at "
		    "most %u can be kept", len, WIRE_CHANGE_MAX);
	return NULL;
}
