/*
 * store_digest -- the canonical dump of records and changes, and its hash.
 */
#include "fieldkit/store.h"

#include <stdlib.h>

#include <sodium.h>

/*
 * The canonical dump: records by id; of each its changes by dot, then what
 * they make.  Nothing in it depends on the order of arrival, and nothing of
 * `all` on whether identity and restricted can be read.
 *
 *	record    id
 *	change    device id, ledger form, str payload(team)
 *	standing  uv length, then merged_dump of ledger and team
 *
 * The dump of compartment c is, of each change that has fields in it, device
 * id, n uv, str payload(c); of the ledger: device id, ledger form.
 */
struct hashing {
	crypto_generichash_state all, comp[COMP_COUNT];
	struct digest	out;
	struct buf	dump;		/* of the record at hand */
};

static void
start(crypto_generichash_state *h)
{
	crypto_generichash_init(h, NULL, 0, WIRE_HASH_LEN);
}

static void
feed(crypto_generichash_state *h, struct buf *b)
{
	crypto_generichash_update(h, b->at, b->len);
	buf_clear(b);
}

/* Append str payload(comp); false if c has none or it is withheld. */
static bool
put_payload(struct buf *b, const struct change *c, enum compartment comp,
    bool *whole)
{
	struct buf p = BUF_EMPTY;
	bool any = false;

	for (size_t i = 0; i < c->nfields; i++) {
		if (c->fields[i].comp != comp)
			continue;
		any = true;
		if (c->fields[i].withheld) {
			*whole = false;
			return false;
		}
	}
	if (!any)
		return false;
	change_put_payload(&p, c, comp);
	put_counted(b, buf_view(&p));
	buf_free(&p);
	return true;
}

static void
hash_comp(struct hashing *h, const struct change *c, enum compartment comp)
{
	buf_add(&h->dump, c->dot.device.b, WIRE_ID_LEN);
	put_uv(&h->dump, c->dot.n);
	if (put_payload(&h->dump, c, comp, &h->out.whole[comp]))
		feed(&h->comp[comp], &h->dump);
	buf_clear(&h->dump);
}

static void
hash_change(struct hashing *h, const struct change *c)
{
	bool whole;

	buf_add(&h->dump, c->dot.device.b, WIRE_ID_LEN);
	change_put_ledger(&h->dump, c);
	crypto_generichash_update(&h->comp[COMP_LEDGER], h->dump.at,
	    h->dump.len);
	put_payload(&h->dump, c, COMP_TEAM, &whole);
	feed(&h->all, &h->dump);
	for (int comp = COMP_TEAM; comp < COMP_COUNT; comp++)
		hash_comp(h, c, comp);
	h->out.changes++;
}

static void
hash_record(struct hashing *h, const struct record *r)
{
	struct buf standing = BUF_EMPTY;

	buf_add(&h->dump, r->id.b, WIRE_ID_LEN);
	feed(&h->all, &h->dump);
	for (size_t i = 0; i < r->nchanges; i++)
		hash_change(h, &r->changes[i]);
	merged_dump(&standing, &r->merged, 1u << COMP_LEDGER | 1u << COMP_TEAM);
	put_counted(&h->dump, buf_view(&standing));
	feed(&h->all, &h->dump);
	buf_free(&standing);
	h->out.records++;
}

static void
finish(struct hashing *h, struct digest *out)
{
	crypto_generichash_final(&h->all, h->out.all.b, WIRE_HASH_LEN);
	for (int c = 0; c < COMP_COUNT; c++)
		crypto_generichash_final(&h->comp[c], h->out.comp[c].b,
		    WIRE_HASH_LEN);
	*out = h->out;
}

/* The first record behind *at by id; *row: whether there is one. */
static fault
next_record(struct store *st, struct id *at, bool *row)
{
	struct stmt *s = db_prepare(st->db, "SELECT record FROM change "
	    "WHERE record > ? ORDER BY record LIMIT 1");
	struct reader r;
	fault f;

	stmt_blob(s, 1, (struct bytes){ at->b, sizeof at->b });
	if ((f = stmt_step(s, row)) != NULL || !*row)
		return f;
	r = reader_of(stmt_get(s, 0));
	get_copy(&r, at->b, sizeof at->b);
	stmt_reset(s);
	return NULL;
}

fault
store_digest(struct store *st, struct digest *out)
{
	struct hashing h = { .dump = BUF_EMPTY };
	struct record r;
	struct id at = { { 0 } };
	bool row = true;
	fault f;

	start(&h.all);
	for (int c = 0; c < COMP_COUNT; c++) {
		start(&h.comp[c]);
		h.out.whole[c] = true;
	}
	if ((f = db_begin_read(st->db)) != NULL)
		return f;
	while ((f = next_record(st, &at, &row)) == NULL && row) {
		if ((f = record_load(&r, st->db, &at)) != NULL)
			break;
		hash_record(&h, &r);
		record_free(&r);
	}
	if ((f = db_end(st->db, f)) == NULL)
		finish(&h, out);
	buf_free(&h.dump);
	return f;
}
