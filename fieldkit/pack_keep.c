/*
 * pack_keep -- a pack that was read and checked, as bytes that are read again
 * without parsing JSON.
 */
#include "fieldkit/pack.h"

#include <string.h>

#include "sync/base/codec.h"
#include "sync/base/id.h"

/*
 *	u8 KEPT | hash of the pack's JSON | name | version
 *	lists, u16: name | values, u16: code nl en class cluster hint_nl hint_en
 *	types, u16: name nl en | fields, u16: name nl en hint_nl hint_en
 *	    class generate not_above | form u8 | kind u8 | compartment u8 | required u8
 *	    | min u64 | max u64 | list u16, from 1; 0: none
 *
 * A text is counted with the NUL behind it; one of no bytes is none.  So the
 * pack that is made again borrows its texts from these bytes.
 */

/* Raise it with this layout and with every rule that pack_read learns. */
#define KEPT 2

/*
 * Who adds a member must come here: one that is not kept is lost without a
 * word.  Then raise KEPT, and let test_pack_keep compare the member.
 */
#define HAS(type, size) \
	_Static_assert(sizeof(void *) != 8 || sizeof(type) == (size), \
	    "a member of " #type " is not kept")
HAS(struct pack_value, 56);
HAS(struct pack_field, 120);
HAS(struct pack_list, 24);
HAS(struct pack_type, 40);
HAS(struct pack, 80);

#define LISTS_MAX (PACK_LISTS_MAX + PACK_TYPES_MAX * PACK_FIELDS_MAX)

/* --- writing ------------------------------------------------------------ */

static void
put_text(struct buf *b, const char *s)
{
	put_counted(b, s == NULL ? BYTES_EMPTY :
	    (struct bytes){ (const uint8_t *)s, strlen(s) + 1 });
}

static void
put_list(struct buf *b, const struct pack_list *l)
{
	put_text(b, l->name);
	put_u16(b, (uint16_t)l->nvalues);
	for (const struct pack_value *v = l->values;
	    v < l->values + l->nvalues; v++) {
		put_text(b, v->code);
		put_text(b, v->nl);
		put_text(b, v->en);
		put_text(b, v->class);
		put_text(b, v->cluster);
		put_text(b, v->hint_nl);
		put_text(b, v->hint_en);
	}
}

static uint16_t
list_number(const struct pack *p, const struct pack_field *f)
{
	for (size_t i = 0; f->values != NULL && i < p->nlists; i++)
		if (p->lists[i].values == f->values)
			return (uint16_t)(i + 1);
	return 0;
}

static void
put_field(struct buf *b, const struct pack *p, const struct pack_field *f)
{
	put_text(b, f->name);
	put_text(b, f->nl);
	put_text(b, f->en);
	put_text(b, f->hint_nl);
	put_text(b, f->hint_en);
	put_text(b, f->class);
	put_text(b, f->generate);
	put_text(b, f->not_above);
	put_u8(b, (uint8_t)f->form);
	put_u8(b, (uint8_t)f->kind);
	put_u8(b, (uint8_t)f->comp);
	put_u8(b, f->required);
	put_u64(b, (uint64_t)f->min);
	put_u64(b, (uint64_t)f->max);
	put_u16(b, list_number(p, f));
}

static void
put_type(struct buf *b, const struct pack *p, const struct pack_type *t)
{
	put_text(b, t->name);
	put_text(b, t->nl);
	put_text(b, t->en);
	put_u16(b, (uint16_t)t->nfields);
	for (size_t i = 0; i < t->nfields; i++)
		put_field(b, p, &t->fields[i]);
}

void
pack_keep(struct buf *out, const struct pack *p, struct bytes json)
{
	struct hash h = hash_of(json);

	put_u8(out, KEPT);
	buf_add(out, h.b, sizeof h.b);
	put_text(out, p->name);
	put_text(out, p->version);
	put_u16(out, (uint16_t)p->nlists);
	for (size_t i = 0; i < p->nlists; i++)
		put_list(out, &p->lists[i]);
	put_u16(out, (uint16_t)p->ntypes);
	for (size_t i = 0; i < p->ntypes; i++)
		put_type(out, p, &p->types[i]);
}

/* --- reading ------------------------------------------------------------ */

static char *
get_text(struct reader *r)
{
	struct bytes s = get_counted(r, PACK_HINT_MAX * 4 + 1);

	if (s.len > 0 && s.at[s.len - 1] != '\0')
		reader_spoil(r);
	return s.len == 0 || !reader_ok(r) ? NULL : (char *)(uintptr_t)s.at;
}

/* One that every pack has. */
static char *
get_must(struct reader *r)
{
	char *s = get_text(r);

	if (s == NULL)
		reader_spoil(r);
	return s;
}

static size_t
get_count(struct reader *r, size_t max)
{
	size_t n = get_u16(r);

	/* Each is at least a byte, so no more is asked for than is there. */
	if (n > max || n > reader_left(r))
		reader_spoil(r);
	return reader_ok(r) ? n : 0;
}

static uint8_t
get_below(struct reader *r, uint8_t end)
{
	uint8_t n = get_u8(r);

	if (n >= end)
		reader_spoil(r);
	return n;
}

static void
get_list(struct reader *r, struct pack_list *l)
{
	size_t n;

	l->name = get_text(r);
	n = get_count(r, PACK_VALUES_MAX);
	l->values = mem_new(n * sizeof *l->values);
	for (l->nvalues = 0; l->nvalues < n && reader_ok(r);) {
		struct pack_value *v = &l->values[l->nvalues++];

		v->code = get_must(r);
		v->nl = get_must(r);
		v->en = get_must(r);
		v->class = get_text(r);
		v->cluster = get_text(r);
		v->hint_nl = get_text(r);
		v->hint_en = get_text(r);
	}
}

static void
get_values(struct reader *r, const struct pack *p, struct pack_field *f)
{
	size_t list = get_u16(r);

	if (list > p->nlists || (list == 0) != (f->form != FORM_CODE))
		reader_spoil(r);
	if (list == 0 || !reader_ok(r))
		return;
	f->values = p->lists[list - 1].values;
	f->nvalues = p->lists[list - 1].nvalues;
}

static void
get_field(struct reader *r, const struct pack *p, struct pack_field *f)
{
	f->name = get_must(r);
	f->nl = get_must(r);
	f->en = get_must(r);
	f->hint_nl = get_text(r);
	f->hint_en = get_text(r);
	f->class = get_must(r);
	f->generate = get_text(r);
	f->not_above = get_text(r);
	f->form = (enum field_form)get_below(r, FORM_COUNT);
	f->kind = (enum kind)get_below(r, KIND_SET + 1);
	f->comp = (enum compartment)get_below(r, COMP_COUNT);
	f->required = get_below(r, 2);
	f->min = (int64_t)get_u64(r);
	f->max = (int64_t)get_u64(r);
	get_values(r, p, f);
}

static void
get_type(struct reader *r, const struct pack *p, struct pack_type *t)
{
	size_t n;

	t->name = get_must(r);
	t->nl = get_must(r);
	t->en = get_must(r);
	n = get_count(r, PACK_FIELDS_MAX);
	t->fields = mem_new(n * sizeof *t->fields);
	while (t->nfields < n && reader_ok(r))
		get_field(r, p, &t->fields[t->nfields++]);
}

static void
get_pack(struct reader *r, struct pack *p)
{
	size_t n;

	p->name = get_must(r);
	p->version = get_must(r);
	n = get_count(r, LISTS_MAX);
	p->lists = mem_new(n * sizeof *p->lists);
	while (p->nlists < n && reader_ok(r))
		get_list(r, &p->lists[p->nlists++]);
	n = get_count(r, PACK_TYPES_MAX);
	p->types = mem_new(n * sizeof *p->types);
	while (p->ntypes < n && reader_ok(r))
		get_type(r, p, &p->types[p->ntypes++]);
}

bool
pack_kept(struct pack **out, struct buf *kept)
{
	struct reader r = reader_of(buf_view(kept));
	struct pack *p;

	if (get_u8(&r) != KEPT)
		return false;
	get_bytes(&r, WIRE_HASH_LEN);
	p = mem_new(sizeof *p);
	p->held = *kept;
	*kept = (struct buf)BUF_EMPTY;
	get_pack(&r, p);
	if (reader_whole(&r)) {
		*out = p;
		return true;
	}
	pack_free(p);
	return false;
}

bool
pack_kept_of(struct bytes kept, struct bytes json)
{
	struct reader r = reader_of(kept);
	struct hash h = hash_of(json);

	return get_u8(&r) == KEPT && bytes_eq(get_bytes(&r, sizeof h.b),
	    (struct bytes){ h.b, sizeof h.b });
}
