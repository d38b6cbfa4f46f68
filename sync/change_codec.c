/*
 * change_codec -- the bytes of a change: ledger, payload and stored form,
 * as schema/WIRE.md 1 lays them out.
 */
#include "sync/change.h"

void
change_put_ledger(struct buf *b, const struct change *c)
{
	put_uv(b, c->dot.n);
	buf_add(b, c->record.b, WIRE_ID_LEN);
	buf_add(b, c->index.creator.b, WIRE_ID_LEN);
	put_uv(b, c->index.n);
	put_counted(b, c->type);
	put_u64(b, c->clock);
	put_uv(b, c->nfields);
	for (size_t i = 0; i < c->nfields; i++) {
		const struct change_field *f = &c->fields[i];

		put_counted(b, f->name);
		put_u8(b, (uint8_t)f->comp);
		put_u8(b, (uint8_t)f->kind);
		put_uv(b, f->nsup);
		for (size_t k = 0; k < f->nsup; k++) {
			buf_add(b, f->sup[k].device.b, WIRE_ID_LEN);
			put_uv(b, f->sup[k].n);
		}
	}
}

/* 1..max, as all counters are. */
static uint64_t
get_counter(struct reader *r, uint64_t max)
{
	uint64_t n = get_uv(r, max);

	if (n == 0)
		reader_spoil(r);
	return n;
}

static struct bytes
get_name(struct reader *r)
{
	struct bytes name = get_counted(r, WIRE_NAME_MAX);

	if (name.len == 0)
		reader_spoil(r);
	return name;
}

/*
 * Nothing is sized by a count from outside: what has been read is added, so
 * memory grows with the bytes that are really there.
 */
static void
get_dots(struct reader *r, struct change_field *f)
{
	size_t n = get_uv(r, WIRE_DOTS_MAX);

	while (f->nsup < n && reader_ok(r)) {
		struct dot d;

		get_copy(r, d.device.b, WIRE_ID_LEN);
		d.n = get_counter(r, WIRE_COUNTER_MAX);
		/* The order of a set's dots shows with its payload only. */
		if (f->kind == KIND_VALUE && f->nsup > 0 &&
		    dot_cmp(&f->sup[f->nsup - 1], &d) >= 0)
			reader_spoil(r);
		change_add_sup(f, &d, BYTES_EMPTY);
	}
}

static void
get_field(struct reader *r, struct change *c)
{
	struct bytes name = get_name(r);
	uint8_t comp = get_u8(r), kind = get_u8(r);
	struct change_field *f;

	if (comp < COMP_TEAM || comp >= COMP_COUNT || kind > KIND_SET)
		reader_spoil(r);
	if (!reader_ok(r))
		return;
	f = change_add(c, name, comp, kind);
	f->withheld = true;
	if (c->nfields > 1 && bytes_cmp(f[-1].name, name) >= 0)
		reader_spoil(r);
	get_dots(r, f);
}

void
change_get_ledger(struct reader *r, struct change *out,
    const struct id *device)
{
	struct change c = CHANGE_EMPTY;
	size_t n;

	c.dot.device = *device;
	c.dot.n = get_counter(r, WIRE_COUNTER_MAX);
	get_copy(r, c.record.b, WIRE_ID_LEN);
	get_copy(r, c.index.creator.b, WIRE_ID_LEN);
	c.index.n = (uint32_t)get_counter(r, WIRE_INDEX_MAX);
	c.type = get_name(r);
	c.clock = get_u64(r);
	n = get_counter(r, WIRE_FIELDS_MAX);
	while (c.nfields < n && reader_ok(r))
		get_field(r, &c);
	if (!reader_ok(r))
		change_free(&c);
	*out = c;
}

void
change_put_payload(struct buf *b, const struct change *c,
    enum compartment comp)
{
	for (size_t i = 0; i < c->nfields; i++) {
		const struct change_field *f = &c->fields[i];

		if (f->comp != comp)
			continue;
		if (f->kind == KIND_VALUE) {
			put_counted(b, f->nval > 0 ? f->val[0] : BYTES_EMPTY);
			continue;
		}
		put_uv(b, f->nval);
		for (size_t k = 0; k < f->nval; k++)
			put_counted(b, f->val[k]);
		for (size_t k = 0; k < f->nsup; k++)
			put_counted(b, f->gone[k]);
	}
}

/* --- lengths, before a byte is written ----------------------------------- */

static size_t
counted_len(struct bytes s)
{
	return uv_len(s.len) + s.len;
}

static size_t
ledger_len(const struct change *c)
{
	size_t n = uv_len(c->dot.n) + 2 * WIRE_ID_LEN + uv_len(c->index.n) +
	    counted_len(c->type) + 8 + uv_len(c->nfields);

	for (size_t i = 0; i < c->nfields; i++) {
		const struct change_field *f = &c->fields[i];

		n += counted_len(f->name) + 2 + uv_len(f->nsup) +
		    f->nsup * WIRE_ID_LEN;
		for (size_t k = 0; k < f->nsup; k++)
			n += uv_len(f->sup[k].n);
	}
	return n;
}

static size_t
payload_len(const struct change *c, enum compartment comp)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nfields; i++) {
		const struct change_field *f = &c->fields[i];

		if (f->comp != comp)
			continue;
		if (f->kind == KIND_VALUE) {
			n += counted_len(f->nval > 0 ? f->val[0] : BYTES_EMPTY);
			continue;
		}
		n += uv_len(f->nval);
		for (size_t k = 0; k < f->nval; k++)
			n += counted_len(f->val[k]);
		for (size_t k = 0; k < f->nsup; k++)
			n += counted_len(f->gone[k]);
	}
	return n;
}

/* Those of which nothing is withheld. */
static unsigned
opened_comps(const struct change *c)
{
	unsigned mask = change_comps(c);

	for (size_t i = 0; i < c->nfields; i++)
		if (c->fields[i].withheld)
			mask &= ~(1u << c->fields[i].comp);
	return mask;
}

size_t
change_len(const struct change *c)
{
	unsigned mask = opened_comps(c);
	size_t n = WIRE_ID_LEN + ledger_len(c) + 1, payload;

	for (unsigned comp = COMP_TEAM; comp < COMP_COUNT; comp++) {
		if ((mask & 1u << comp) == 0)
			continue;
		payload = payload_len(c, comp);
		n += uv_len(payload) + payload;
	}
	return n;
}

/* --- payloads ------------------------------------------------------------ */

static void
get_added(struct reader *r, struct change_field *f)
{
	size_t n = f->kind == KIND_VALUE ? 1 : get_uv(r, WIRE_ELEMS_MAX);

	while (f->nval < n && reader_ok(r)) {
		struct bytes v = get_counted(r, WIRE_VALUE_MAX);

		if (f->nval > 0 && bytes_cmp(f->val[f->nval - 1], v) >= 0)
			reader_spoil(r);
		change_add_value(f, v);
	}
}

static void
get_gone(struct reader *r, struct change_field *f)
{
	for (size_t i = 0; i < f->nsup && reader_ok(r); i++) {
		int c = -1;

		f->gone[i] = get_counted(r, WIRE_VALUE_MAX);
		if (i > 0)
			c = bytes_cmp(f->gone[i - 1], f->gone[i]);
		if (i > 0 && c == 0)
			c = dot_cmp(&f->sup[i - 1], &f->sup[i]);
		if (c >= 0)
			reader_spoil(r);
	}
}

static void
withhold(struct change *c, enum compartment comp)
{
	for (size_t i = 0; i < c->nfields; i++)
		if (c->fields[i].comp == comp) {
			c->fields[i].nval = 0;
			c->fields[i].withheld = true;
		}
}

/* False leaves the compartment withheld. */
static bool
take(struct change *c, enum compartment comp, struct bytes in)
{
	struct reader r = reader_of(in);

	if ((change_comps(c) & 1u << comp) == 0)
		return false;
	withhold(c, comp);
	for (size_t i = 0; i < c->nfields; i++) {
		struct change_field *f = &c->fields[i];

		if (f->comp != comp)
			continue;
		get_added(&r, f);
		if (f->kind == KIND_SET)
			get_gone(&r, f);
		f->withheld = false;
	}
	if (!reader_whole(&r))
		withhold(c, comp);
	return reader_whole(&r);
}

fault
change_take_payload(struct change *c, enum compartment comp, struct bytes in)
{
	/* What opens must also be storable, with what opened before it. */
	if (in.len > WIRE_CHANGE_MAX || !take(c, comp, in))
		return fault_new(FAULT_FORMAT,
		    "not the payload of its change (%zu bytes)", in.len);
	if (change_len(c) > WIRE_CHANGE_MAX) {
		withhold(c, comp);
		return fault_new(FAULT_FORMAT,
		    "a change larger than %u bytes", WIRE_CHANGE_MAX);
	}
	return NULL;
}

void
change_encode(struct buf *b, const struct change *c)
{
	unsigned mask = opened_comps(c);

	buf_room(b, change_len(c));
	buf_add(b, c->dot.device.b, WIRE_ID_LEN);
	change_put_ledger(b, c);
	put_u8(b, (uint8_t)mask);
	for (unsigned comp = COMP_TEAM; comp < COMP_COUNT; comp++) {
		if ((mask & 1u << comp) == 0)
			continue;
		put_uv(b, payload_len(c, comp));
		change_put_payload(b, c, comp);
	}
}

fault
change_decode(struct change *out, struct bytes in)
{
	struct reader r = reader_of(in);
	struct change c = CHANGE_EMPTY;
	struct id device;
	unsigned mask;

	get_copy(&r, device.b, WIRE_ID_LEN);
	change_get_ledger(&r, &c, &device);
	mask = get_u8(&r);
	if (in.len > WIRE_CHANGE_MAX || (mask & ~change_comps(&c)) != 0)
		reader_spoil(&r);
	for (unsigned comp = COMP_TEAM; comp < COMP_COUNT; comp++) {
		struct bytes payload;

		if ((mask & 1u << comp) == 0)
			continue;
		payload = get_counted(&r, WIRE_CHANGE_MAX);
		if (!reader_ok(&r) || !take(&c, comp, payload))
			reader_spoil(&r);
	}
	if (!reader_whole(&r)) {
		change_free(&c);
		return fault_new(FAULT_FORMAT, "not a change (%zu bytes)",
		    in.len);
	}
	*out = c;
	return NULL;
}
