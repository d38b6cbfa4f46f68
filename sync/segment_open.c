/*
 * segment_open -- from the bytes of a segment to changes.
 *
 * Tag, bound, unpack, parse whole, in this order, for the ledger part and
 * then for each entry.  Payloads are opened into one buffer first and read
 * only when it no longer moves, since changes borrow from it.
 */
#include "sync/segment.h"

#include <stdlib.h>
#include <string.h>

#include "sync/base/lang.h"
#include "sync/base/secret.h"
#include "sync/segment_box.h"

#define LENGTHS_LEN (8 + WIRE_TAG_LEN)

enum piece_state { PIECE_OPEN, PIECE_CLOSED, PIECE_ERASED };

/* One entry: change and compartment, sealed length, where its text is. */
struct piece {
	size_t		change;
	enum compartment comp;
	size_t		sealed;
	enum piece_state state;
	size_t		at, len;	/* in segment.payloads */
};

struct job {
	struct segment	seg;
	struct bytes	blob;
	uint32_t	g;
	const struct id	*self;
	struct keys	*keys;
	struct squeeze	*squeeze;
	struct box	box;
	size_t		ledger, entries;	/* sealed lengths */
	struct piece	*pieces;
	size_t		npieces;
	struct buf	plain;
	uint8_t		*key;		/* in locked memory */
};

static fault
bad_tag(const struct job *j)
{
	return fault_new(FAULT_TRUST, "part %u of segment %llu was changed "
	    "or is under another key", (unsigned)j->box.i,
	    (unsigned long long)j->seg.head.seq);
}

static fault
bad_form(const struct job *j, const char *what)
{
	return fault_new(FAULT_FORMAT, "segment %llu: %s is not as it must "
	    "be", (unsigned long long)j->seg.head.seq, say(what));
}

static struct bytes
slice(const struct job *j, size_t at, size_t len)
{
	return (struct bytes){ j->blob.at + at, len };
}

/* Part i = 0: how long the others are; then the whole has one length only. */
static fault
open_lengths(struct job *j)
{
	size_t at = j->seg.head.len;
	struct reader r;

	if (j->blob.len - at < LENGTHS_LEN)
		return bad_form(j, "its length");
	buf_clear(&j->plain);
	if (!box_open(&j->plain, &j->box, j->key, slice(j, at, LENGTHS_LEN)))
		return bad_tag(j);
	r = reader_of(buf_view(&j->plain));
	j->ledger = get_u32(&r);
	j->entries = get_u32(&r);
	if (j->ledger > WIRE_SEGMENT_MAX || j->entries > WIRE_SEGMENT_MAX ||
	    segment_padded(at + LENGTHS_LEN + j->ledger + j->entries) !=
	    j->blob.len)
		return bad_form(j, "its length");
	return NULL;
}

static fault
open_ledger(struct job *j)
{
	size_t at = j->seg.head.len + LENGTHS_LEN;

	j->box.i = 1;
	buf_clear(&j->plain);
	if (!box_open(&j->plain, &j->box, j->key, slice(j, at, j->ledger)))
		return bad_tag(j);
	return unsqueeze(&j->seg.text, j->squeeze, buf_view(&j->plain),
	    SEGMENT_LEDGER_MAX);
}

static void
read_receipts(struct job *j, struct reader *r)
{
	struct segment *s = &j->seg;
	size_t n = get_uv(r, WIRE_RECEIPTS_MAX);

	s->receipts = mem_new(n * sizeof *s->receipts);
	for (; s->nreceipts < n && reader_ok(r); s->nreceipts++) {
		struct receipt *t = &s->receipts[s->nreceipts];

		t->seq = get_uv(r, WIRE_SEQ_MAX);
		get_copy(r, t->hash.b, WIRE_HASH_LEN);
		if (t->seq == 0 || (s->nreceipts > 0 && t->seq <= t[-1].seq))
			reader_spoil(r);
	}
}

/* A ledger form has at least 49 bytes, so memory follows what is there. */
static void
read_changes(struct job *j, struct reader *r)
{
	struct segment *s = &j->seg;
	size_t n = get_uv(r, SEGMENT_LEDGER_MAX);

	if (n > reader_left(r) / 49)
		reader_spoil(r);
	if (!reader_ok(r))
		return;
	s->changes = mem_new(n * sizeof *s->changes);
	for (; s->nchanges < n && reader_ok(r); s->nchanges++) {
		struct change *c = &s->changes[s->nchanges];
		size_t left = reader_left(r);

		change_get_ledger(r, c, &s->head.device);
		/* In its stored form, of which nothing may open ever. */
		if (WIRE_ID_LEN + left - reader_left(r) + 1 >
		    WIRE_CHANGE_MAX)
			reader_spoil(r);
		if (s->nchanges > 0 && c->dot.n <= c[-1].dot.n)
			reader_spoil(r);
	}
}

static void
read_lengths(struct job *j, struct reader *r)
{
	struct segment *s = &j->seg;

	j->pieces = mem_new(s->nchanges * 3 * sizeof *j->pieces);
	for (unsigned c = COMP_TEAM; c < COMP_COUNT; c++)
		for (size_t i = 0; i < s->nchanges && reader_ok(r); i++) {
			if ((change_comps(&s->changes[i]) & 1u << c) == 0)
				continue;
			j->pieces[j->npieces++] = (struct piece){
			    .change = i, .comp = (enum compartment)c,
			    .sealed = get_uv(r, WIRE_SEGMENT_MAX) };
		}
}

static fault
read_ledger(struct job *j)
{
	struct reader r = reader_of(buf_view(&j->seg.text));
	size_t sum = 0;

	read_receipts(j, &r);
	read_changes(j, &r);
	read_lengths(j, &r);
	for (size_t k = 0; k < j->npieces; k++)
		sum += j->pieces[k].sealed;
	if (!reader_whole(&r))
		return bad_form(j, "its ledger part");
	return sum == j->entries ? NULL : bad_form(j, "a length");
}

/* The frame within the text of an entry; BYTES_EMPTY: not padded right. */
static struct bytes
unpad(struct bytes text, enum compartment comp)
{
	struct reader r = reader_of(text);
	struct bytes frame;

	if (comp == COMP_TEAM)
		return text;
	frame = get_counted(&r, WIRE_SEGMENT_MAX);
	if (!reader_ok(&r) || text.len % 64 != 0 || reader_left(&r) >= 64)
		return BYTES_EMPTY;
	while (reader_left(&r) > 0)
		if (get_u8(&r) != 0)
			return BYTES_EMPTY;
	return frame;
}

static fault
open_piece(struct job *j, struct piece *p, size_t at)
{
	struct segment *s = &j->seg;
	struct entry_place place = { j->g, s->head.epoch, p->comp,
	    s->head.device, *j->self, s->changes[p->change].index };
	size_t max = SEGMENT_OPENED_MAX - s->payloads.len;
	fault f = keys_entry(j->key, j->keys, &place);

	if (f != NULL) {
		p->state = f->code == FAULT_ERASED ? PIECE_ERASED
		    : PIECE_CLOSED;
		return f->code == FAULT_ERASED || f->code == FAULT_LOCKED
		    ? NULL : f;
	}
	j->box.comp = p->comp;
	j->box.record = s->changes[p->change].record;
	buf_clear(&j->plain);
	if (!box_open(&j->plain, &j->box, j->key, slice(j, at, p->sealed)))
		return bad_tag(j);
	p->at = s->payloads.len;
	f = unsqueeze(&s->payloads, j->squeeze,
	    unpad(buf_view(&j->plain), p->comp),
	    max < WIRE_CHANGE_MAX ? max : WIRE_CHANGE_MAX);
	p->len = s->payloads.len - p->at;
	return f;
}

static fault
open_pieces(struct job *j)
{
	size_t at = j->seg.head.len + LENGTHS_LEN + j->ledger;
	fault f;

	for (size_t k = 0; k < j->npieces; k++) {
		j->box.i = (uint32_t)k + 2;
		if ((f = open_piece(j, &j->pieces[k], at)) != NULL)
			return f;
		at += j->pieces[k].sealed;
	}
	return NULL;
}

static fault
read_pieces(struct job *j)
{
	struct segment *s = &j->seg;
	fault f;

	for (size_t k = 0; k < j->npieces; k++) {
		const struct piece *p = &j->pieces[k];

		s->withheld += p->state == PIECE_CLOSED;
		s->erased += p->state == PIECE_ERASED;
		if (p->state != PIECE_OPEN)
			continue;
		if ((f = change_take_payload(&s->changes[p->change], p->comp,
		    (struct bytes){ s->payloads.at + p->at, p->len })) != NULL)
			return f;
	}
	return NULL;
}

/* Up to the pieces: what is there, and how long. */
static fault
open_list(struct job *j)
{
	fault f;

	if (j->seg.head.dictionary != squeeze_dictionary(j->squeeze))
		return fault_new(FAULT_FORMAT, "segment %llu is written with "
		    "dictionary %u", (unsigned long long)j->seg.head.seq,
		    j->seg.head.dictionary);
	if ((f = keys_ledger(j->key, j->keys, j->seg.head.epoch)) != NULL ||
	    (f = open_lengths(j)) != NULL || (f = open_ledger(j)) != NULL)
		return f;
	return read_ledger(j);
}

static fault
open_all(struct job *j)
{
	fault f;

	if ((f = open_list(j)) != NULL || (f = open_pieces(j)) != NULL)
		return f;
	return read_pieces(j);
}

/* The clear header and room for a key; job_free in any case. */
static fault
job_start(struct job *j)
{
	fault f = segment_read_head(&j->seg.head, j->blob);

	j->key = secret_new(WIRE_KEY_LEN);
	if (f != NULL)
		return f;
	j->box.seed = j->seg.head.seed;
	j->box.header = hash_of(slice(j, 0, j->seg.head.len));
	return NULL;
}

static void
job_free(struct job *j)
{
	secret_free(j->key, WIRE_KEY_LEN);
	free(j->pieces);
	buf_wipe(&j->plain);
}

fault
segment_open(struct segment *out, struct bytes blob, uint32_t g,
    const struct id *self, struct keys *keys, struct squeeze *s)
{
	struct job j = { .blob = blob, .g = g, .self = self, .keys = keys,
	    .squeeze = s };
	fault f;

	if ((f = job_start(&j)) == NULL) {
		if (j.seg.head.flags != SEGMENT_ANNOUNCEMENT)
			f = open_all(&j);
		else if (segment_padded(j.seg.head.len) != blob.len)
			f = bad_form(&j, "its length");
	}
	job_free(&j);
	if (f != NULL) {
		segment_free(&j.seg);
		return f;
	}
	*out = j.seg;
	return NULL;
}

/* --- does anything open it? ---------------------------------------------- */

static bool
try_key(struct job *j, const struct piece *p, size_t at, uint32_t g,
    uint32_t e)
{
	const struct change *c = &j->seg.changes[p->change];
	struct entry_place place = { g, e, p->comp, j->seg.head.device,
	    *j->self, c->index };
	fault f = keys_entry(j->key, j->keys, &place);

	/* j->g counts what was tried; a punctured leaf gives no key to try. */
	j->g += f == NULL || f->code == FAULT_ERASED;
	if (f != NULL)
		return false;
	buf_clear(&j->plain);
	return box_open(&j->plain, &j->box, j->key, slice(j, at, p->sealed));
}

static bool
try_piece(struct job *j, const struct piece *p, size_t at,
    const struct segment_trial *t)
{
	bool open = false;

	for (uint32_t g = 1; g <= t->trees; g++)
		for (uint32_t e = 1; e <= t->epochs; e++)
			open |= try_key(j, p, at, g, e);
	return open;
}

static void
try_pieces(struct job *j, struct segment_trial *t)
{
	size_t at = j->seg.head.len + LENGTHS_LEN + j->ledger;

	for (size_t k = 0; k < j->npieces; at += j->pieces[k++].sealed) {
		const struct piece *p = &j->pieces[k];

		if (!id_eq(&j->seg.changes[p->change].record, &t->record))
			continue;
		j->box.i = (uint32_t)k + 2;
		j->box.comp = p->comp;
		j->box.record = t->record;
		j->g = 0;
		t->entries++;
		t->opened += try_piece(j, p, at, t);
		t->tried += j->g;
	}
}

fault
segment_prove(struct segment_trial *t, struct bytes blob, struct keys *keys,
    struct squeeze *s)
{
	struct job j = { .blob = blob, .self = &t->self, .keys = keys,
	    .squeeze = s };
	fault f = job_start(&j);

	if (f == NULL && j.seg.head.flags != SEGMENT_ANNOUNCEMENT &&
	    (f = open_list(&j)) == NULL)
		try_pieces(&j, t);
	job_free(&j);
	segment_free(&j.seg);
	return f;
}
