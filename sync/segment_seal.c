/*
 * segment_seal -- from changes to the bytes of a segment.
 *
 * Payloads are squeezed first, change by change, until the room is used;
 * then the ledger text of those is made, and if it turns out larger than
 * guessed, of fewer.  Only then is anything sealed, under a fresh seed:
 * ordinals depend on what was taken.
 */
#include "sync/segment.h"

#include <stdlib.h>
#include <string.h>

#include "sync/base/secret.h"
#include "sync/segment_box.h"

#define LENGTHS_LEN (8 + WIRE_TAG_LEN)
#define GUESS	4		/* ledger text shrinks at least so much */

/* A change's payload of one compartment, squeezed and padded. */
struct packed {
	size_t		change;
	enum compartment comp;
	size_t		at, len;	/* in job.texts */
};

struct job {
	const struct segment_plan *plan;
	struct segment_head head;
	struct keys	*keys;
	struct squeeze	*squeeze;
	struct packed	*packed;	/* by change, then compartment */
	size_t		npacked;
	size_t		taken;		/* changes */
	struct buf	texts, header, ledger, scratch;
	uint8_t		*key;		/* in locked memory */
};

static int
seen_order(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int c = id_cmp(&x->hub, &y->hub);

	if (c == 0)
		c = memcmp(x->device, y->device, sizeof x->device);
	if (c == 0)
		c = x->seq < y->seq ? 1 : x->seq > y->seq ? -1 : 0;
	return c;
}

/* The plan's, by hub, then device; of one device the newest. */
static void
sort_seen(struct segment_head *h, const struct segment_head *from)
{
	h->seen = mem_new(from->nseen * sizeof *h->seen);
	h->nseen = 0;
	if (from->nseen == 0)
		return;
	memcpy(h->seen, from->seen, from->nseen * sizeof *h->seen);
	qsort(h->seen, from->nseen, sizeof *h->seen, seen_order);
	for (size_t i = 0; i < from->nseen; i++) {
		struct seen *s = &h->seen[i], *last = &h->seen[h->nseen];

		if (h->nseen > 0 && id_eq(&last[-1].hub, &s->hub) &&
		    memcmp(last[-1].device, s->device, 4) == 0)
			continue;
		*last = *s;
		h->nseen++;
	}
}

static fault
check_change(const struct segment_plan *p, size_t i)
{
	const struct change *c = p->changes[i];

	if (!id_eq(&c->dot.device, &p->head.device) ||
	    (i > 0 && c->dot.n <= p->changes[i - 1]->dot.n))
		return fault_new(FAULT_INVALID,
		    "only own changes can be sealed, in their order");
	for (size_t k = 0; k < c->nfields; k++)
		if (c->fields[k].withheld)
			return fault_new(FAULT_INVALID,
			    "a withheld change cannot be sealed");
	return change_check(c);
}

/* For eyes that see lengths but not the text: up to a multiple of 64. */
static void
pad(struct buf *out, struct bytes frame)
{
	size_t from = out->len, more;

	put_counted(out, frame);
	more = (64 - (out->len - from) % 64) % 64;
	memset(buf_room(out, more), 0, more);
	out->len += more;
}

static void
pack_payload(struct job *j, size_t i, enum compartment comp)
{
	struct packed *p = &j->packed[j->npacked++];
	struct buf frame = BUF_EMPTY;

	*p = (struct packed){ i, comp, j->texts.len, 0 };
	buf_clear(&j->scratch);
	change_put_payload(&j->scratch, j->plan->changes[i], comp);
	if (comp == COMP_TEAM) {
		squeeze(&j->texts, j->squeeze, buf_view(&j->scratch));
	} else {
		squeeze(&frame, j->squeeze, buf_view(&j->scratch));
		pad(&j->texts, buf_view(&frame));
	}
	p->len = j->texts.len - p->at;
	buf_wipe(&frame);
}

/*
 * Squeeze change after change while they seem to fit.  The one that no
 * longer does is squeezed in vain.
 */
static fault
pack_changes(struct job *j)
{
	const struct segment_plan *p = j->plan;
	size_t room = WIRE_SEGMENT_MAX - j->header.len - LENGTHS_LEN;
	size_t opened = 0, text = 0;
	fault f;

	j->packed = mem_new(p->nchanges * 3 * sizeof *j->packed);
	for (size_t i = 0; i < p->nchanges; i++) {
		unsigned comps = change_comps(p->changes[i]);

		if ((f = check_change(p, i)) != NULL)
			return f;
		for (unsigned c = COMP_TEAM; c < COMP_COUNT; c++)
			if (comps & 1u << c) {
				pack_payload(j, i, (enum compartment)c);
				opened += j->scratch.len;
			}
		buf_clear(&j->scratch);
		change_put_ledger(&j->scratch, p->changes[i]);
		text += j->scratch.len + 3 * 3;
		if (opened > SEGMENT_OPENED_MAX ||
		    text > SEGMENT_LEDGER_MAX / 2 ||
		    j->texts.len + j->npacked * WIRE_TAG_LEN + text / GUESS >
		    room)
			break;
		j->taken = i + 1;
	}
	return NULL;
}

static bool
in_turn(const struct job *j, const struct packed *p, unsigned comp)
{
	return p->change < j->taken && p->comp == (enum compartment)comp;
}

static void
put_lengths(struct buf *out, const struct job *j)
{
	for (unsigned c = COMP_TEAM; c < COMP_COUNT; c++)
		for (size_t k = 0; k < j->npacked; k++)
			if (in_turn(j, &j->packed[k], c))
				put_uv(out, j->packed[k].len + WIRE_TAG_LEN);
}

static void
pack_ledger(struct job *j)
{
	const struct segment_plan *p = j->plan;
	struct buf *b = &j->scratch;

	buf_clear(b);
	put_uv(b, p->nreceipts);
	for (size_t i = 0; i < p->nreceipts; i++) {
		put_uv(b, p->receipts[i].seq);
		buf_add(b, p->receipts[i].hash.b, WIRE_HASH_LEN);
	}
	put_uv(b, j->taken);
	for (size_t i = 0; i < j->taken; i++)
		change_put_ledger(b, p->changes[i]);
	put_lengths(b, j);
	buf_clear(&j->ledger);
	squeeze(&j->ledger, j->squeeze, buf_view(b));
}

static size_t
entries_len(const struct job *j)
{
	size_t n = 0;

	for (size_t k = 0; k < j->npacked; k++)
		if (j->packed[k].change < j->taken)
			n += j->packed[k].len + WIRE_TAG_LEN;
	return n;
}

/* Make the ledger of as many as fit. */
static fault
fit(struct job *j)
{
	size_t len;

	for (;;) {
		pack_ledger(j);
		len = j->header.len + LENGTHS_LEN + j->ledger.len +
		    WIRE_TAG_LEN + entries_len(j);
		if (len <= WIRE_SEGMENT_MAX &&
		    j->scratch.len <= SEGMENT_LEDGER_MAX)
			break;
		if (j->taken == 0)
			return fault_new(FAULT_INVALID, "a segment cannot "
			    "hold its own header and receipts");
		j->taken -= 1 + j->taken / 16;
	}
	if (j->taken == 0 && j->plan->nchanges > 0)
		return fault_new(FAULT_INVALID, "a change does not fit into "
		    "a segment; it was kept, unsealed");
	return NULL;
}

static void
seal_ledger(struct buf *out, struct job *j, struct box *b)
{
	buf_clear(&j->scratch);
	put_u32(&j->scratch, (uint32_t)(j->ledger.len + WIRE_TAG_LEN));
	put_u32(&j->scratch, (uint32_t)entries_len(j));
	box_seal(out, b, j->key, buf_view(&j->scratch));
	b->i++;
	box_seal(out, b, j->key, buf_view(&j->ledger));
	b->i++;
}

static fault
seal_entry(struct buf *out, struct job *j, struct box *b,
    const struct packed *p)
{
	const struct change *c = j->plan->changes[p->change];
	struct entry_place place = { j->plan->g, j->head.epoch, p->comp,
	    j->head.device, j->head.device, c->index };
	fault f;

	if ((f = keys_entry(j->key, j->keys, &place)) != NULL)
		return f;
	b->comp = p->comp;
	b->record = c->record;
	box_seal(out, b, j->key, (struct bytes){ j->texts.at + p->at, p->len });
	b->i++;
	return NULL;
}

static fault
seal_all(struct buf *out, struct job *j)
{
	struct box b = { .seed = j->head.seed };
	fault f;

	b.header = hash_of(buf_view(&j->header));
	buf_add(out, j->header.at, j->header.len);
	if ((f = keys_ledger(j->key, j->keys, j->head.epoch)) != NULL)
		return f;
	seal_ledger(out, j, &b);
	for (unsigned c = COMP_TEAM; c < COMP_COUNT; c++)
		for (size_t k = 0; k < j->npacked; k++)
			if (in_turn(j, &j->packed[k], c) &&
			    (f = seal_entry(out, j, &b, &j->packed[k])) != NULL)
				return f;
	return NULL;
}

/* Random, so that nobody sees where the text ends. */
static void
fill(struct buf *out)
{
	size_t more = segment_padded(out->len) - out->len;

	random_fill(buf_room(out, more), more);
	out->len += more;
}

static void
start(struct job *j)
{
	bool empty = (j->head.flags & SEGMENT_ANNOUNCEMENT) != 0;

	if (empty)
		j->head.epoch = 0;
	j->head.dictionary = empty ? 0 : squeeze_dictionary(j->squeeze);
	random_fill(j->head.seed, WIRE_SEED_LEN);
	sort_seen(&j->head, &j->plan->head);
	segment_put_head(&j->header, &j->head);
	j->key = secret_new(WIRE_KEY_LEN);
}

static void
finish(struct job *j)
{
	secret_free(j->key, WIRE_KEY_LEN);
	free(j->packed);
	segment_head_free(&j->head);
	buf_free(&j->header);
	buf_wipe(&j->texts);
	buf_wipe(&j->ledger);
	buf_wipe(&j->scratch);
}

fault
segment_seal(struct buf *out, size_t *taken, const struct segment_plan *plan,
    struct keys *keys, struct squeeze *s)
{
	struct job j = { .plan = plan, .head = plan->head, .keys = keys,
	    .squeeze = s };
	fault f = NULL;

	buf_clear(out);
	start(&j);
	if (j.header.len > WIRE_SEGMENT_MAX / 2) {
		f = fault_new(FAULT_INVALID, "more heads were seen than a "
		    "segment can hold (%zu)", j.head.nseen);
		goto done;
	}
	if ((j.head.flags & SEGMENT_ANNOUNCEMENT) != 0)
		buf_add(out, j.header.at, j.header.len);
	else if ((f = pack_changes(&j)) != NULL || (f = fit(&j)) != NULL ||
	    (f = seal_all(out, &j)) != NULL)
		goto done;
	fill(out);
	*taken = j.taken;
done:
	if (f != NULL)
		buf_clear(out);
	finish(&j);
	return f;
}
