#include "sync/erased.h"

#include <stdlib.h>
#include <string.h>

#define PAIR_LEN (4 + WIRE_ID_LEN + 4)	/* g, creator, n */

static struct erased_span
keep_text(struct erasures *x, struct bytes s)
{
	struct erased_span at = { x->text.len, s.len };

	buf_add_bytes(&x->text, s);
	return at;
}

static size_t
place_of(const struct erasures *x, const struct id *record)
{
	size_t i = 0;

	while (i < x->nrecords && !id_eq(&x->records[i].record, record))
		i++;
	return i;
}

static void
add_record(struct erasures *x, const struct entry_item *it, uint64_t seq,
    const struct id *by)
{
	struct erased e = { .record = it->id, .time = it->time, .seq = seq,
	    .by = *by };

	e.reason = keep_text(x, it->text);
	e.basis = keep_text(x, it->basis);
	e.type = keep_text(x, it->type);
	x->records = mem_grow(x->records,
	    (x->nrecords + 1) * sizeof *x->records);
	x->records[x->nrecords++] = e;
}

static void
add_pairs(struct erasures *x, struct bytes pairs, uint64_t seq, size_t record)
{
	struct reader r = reader_of(pairs);
	size_t n = pairs.len / PAIR_LEN;

	x->pairs = mem_grow(x->pairs, (x->npairs + n) * sizeof *x->pairs);
	for (size_t i = 0; i < n; i++) {
		struct erased_pair *p = &x->pairs[x->npairs++];

		*p = (struct erased_pair){ .seq = seq, .record = record };
		p->g = get_u32(&r);
		get_copy(&r, p->index.creator.b, WIRE_ID_LEN);
		p->index.n = get_u32(&r);
	}
}

/* What the first entry said of a record stands; a later one adds pairs. */
bool
erasures_add(struct erasures *x, const struct entry_item *it, uint64_t seq,
    const struct id *by)
{
	size_t at = place_of(x, &it->id);

	if (at == ERASED_RECORDS_MAX ||
	    it->pairs.len / PAIR_LEN > ERASED_PAIRS_MAX - x->npairs)
		return false;
	if (at == x->nrecords)
		add_record(x, it, seq, by);
	add_pairs(x, it->pairs, seq, at);
	x->seq = seq;
	return true;
}

static void *
copy_array(const void *at, size_t n, size_t size)
{
	void *p = n == 0 ? NULL : mem_new(n * size);

	if (n > 0)
		memcpy(p, at, n * size);
	return p;
}

struct erasures
erasures_copy(const struct erasures *x)
{
	struct erasures to = *x;

	to.records = copy_array(x->records, x->nrecords, sizeof *x->records);
	to.pairs = copy_array(x->pairs, x->npairs, sizeof *x->pairs);
	to.text = (struct buf)BUF_EMPTY;
	buf_add_bytes(&to.text, buf_view(&x->text));
	return to;
}

void
erasures_free(struct erasures *x)
{
	free(x->records);
	free(x->pairs);
	buf_free(&x->text);
}

const struct erased *
erasures_find(const struct erasures *x, const struct id *record)
{
	size_t at = place_of(x, record);

	return at == x->nrecords ? NULL : &x->records[at];
}

struct bytes
erasures_text(const struct erasures *x, const struct erased_span *s)
{
	return s->len == 0 ? BYTES_EMPTY :
	    (struct bytes){ x->text.at + s->at, s->len };
}

size_t
erasures_puncture(const struct erasures *x, struct tree *t)
{
	size_t had = 0;

	for (size_t i = 0; i < x->npairs; i++) {
		const struct erased_pair *p = &x->pairs[i];

		if (p->g != tree_generation(t) || !tree_has(t, &p->index))
			continue;
		tree_puncture(t, &p->index);
		had++;
	}
	return had;
}
