#include "sync/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/codec.h"
#include "sync/note.h"
#include "sync/pins.h"

#define TESTIFIED "refs/testified"
#define TOLD "refs/told/"
#define STATE_ENTRY (2 * WIRE_ID_LEN + OID_LEN)	/* hub, device, commit */
#define TOLD_ENTRY (4 + 4 + 16 + WIRE_ID_LEN)	/* seen without hub, by */

/* --- ours --------------------------------------------------------------- */

void
testimony_free(struct testimony *t)
{
	free(t->seen);
	buf_free(&t->state);
	*t = (struct testimony){ .seen = NULL };
}

/* Is this entry in what was testified before? */
static bool
testified(struct bytes state, const uint8_t entry[STATE_ENTRY])
{
	for (size_t i = 0; i + STATE_ENTRY <= state.len; i += STATE_ENTRY)
		if (memcmp(state.at + i, entry, STATE_ENTRY) == 0)
			return true;
	return false;
}

static fault
testify(struct testimony *t, struct site *s, const struct id *hub,
    const struct id *device, const struct oid *at)
{
	struct seen *one;
	struct commit c;
	fault f = site_commit(&c, s, at);

	if (f != NULL)
		return f;
	t->seen = mem_grow(t->seen, (t->n + 1) * sizeof *t->seen);
	one = &t->seen[t->n++];
	one->hub = *hub;
	memcpy(one->device, device->b, sizeof one->device);
	one->seq = (uint32_t)c.seq;
	memcpy(one->hash, c.hash.b, sizeof one->hash);
	return NULL;
}

static fault
consider(struct testimony *t, struct site *s, const struct repo_ref *pin,
    struct bytes before)
{
	uint8_t entry[STATE_ENTRY];
	char ref[REF_MAX];
	struct id hub, device;
	fault f = NULL;

	if (!pin_parse(&hub, ref, pin->name) ||
	    ref_kind(ref, &device, NULL) != REF_DEVICE ||
	    id_eq(&device, &s->self))
		return NULL;
	memcpy(entry, hub.b, WIRE_ID_LEN);
	memcpy(entry + WIRE_ID_LEN, device.b, WIRE_ID_LEN);
	memcpy(entry + 2 * WIRE_ID_LEN, pin->oid.b, OID_LEN);
	if (!testified(before, entry)) {
		if (t->n >= WITNESS_MAX)
			return NULL;	/* with the next commit */
		f = testify(t, s, &hub, &device, &pin->oid);
	}
	buf_add(&t->state, entry, sizeof entry);
	return f;
}

fault
testimony_due(struct testimony *t, struct site *s)
{
	struct buf before = BUF_EMPTY;
	struct repo_ref *pins = NULL;
	size_t n = 0;
	fault f;

	*t = (struct testimony){ .seen = NULL };
	if ((f = note_read(&before, s->repo, TESTIFIED)) == NULL)
		f = pin_list(&pins, &n, s->repo);
	for (size_t i = 0; f == NULL && i < n; i++)
		f = consider(t, s, &pins[i], buf_view(&before));
	if (f != NULL)
		testimony_free(t);
	free(pins);
	buf_free(&before);
	return f;
}

fault
testimony_given(struct site *s, const struct testimony *t)
{
	return t->n == 0 ? NULL :
	    note_write(s->repo, TESTIFIED, buf_view(&t->state));
}

/* --- others' ------------------------------------------------------------ */

void
tolds_free(struct tolds *ts)
{
	free(ts->at);
	*ts = (struct tolds){ NULL, 0 };
}

void
tolds_add(struct tolds *ts, const struct told *one)
{
	for (size_t i = 0; i < ts->n; i++) {
		struct told *t = &ts->at[i];

		if (!id_eq(&t->seen.hub, &one->seen.hub) ||
		    memcmp(t->seen.device, one->seen.device, 4) != 0)
			continue;
		if (one->seen.seq > t->seen.seq)
			*t = *one;
		return;
	}
	if (ts->n >= WITNESS_MAX)
		return;
	ts->at = mem_grow(ts->at, (ts->n + 1) * sizeof *ts->at);
	ts->at[ts->n++] = *one;
}

static void
told_name(char to[REF_MAX], const struct id *hub)
{
	char hex[ID_HEX];

	snprintf(to, REF_MAX, TOLD "%s", id_hex(hex, hub));
}

fault
tolds_read(struct tolds *ts, struct site *s, const struct id *hub)
{
	struct buf note = BUF_EMPTY;
	struct reader r;
	char ref[REF_MAX];
	fault f;

	told_name(ref, hub);
	f = note_read(&note, s->repo, ref);
	r = reader_of(buf_view(&note));
	while (f == NULL && reader_left(&r) >= TOLD_ENTRY) {
		struct told t = { .seen.hub = *hub };

		get_copy(&r, t.seen.device, sizeof t.seen.device);
		t.seen.seq = get_u32(&r);
		get_copy(&r, t.seen.hash, sizeof t.seen.hash);
		get_copy(&r, t.by.b, WIRE_ID_LEN);
		tolds_add(ts, &t);
	}
	buf_free(&note);
	return f;
}

fault
tolds_write(const struct tolds *ts, struct site *s, const struct id *hub)
{
	struct buf note = BUF_EMPTY;
	char ref[REF_MAX];
	fault f;

	told_name(ref, hub);
	for (size_t i = 0; i < ts->n; i++) {
		const struct seen *x = &ts->at[i].seen;

		if (!id_eq(&x->hub, hub))
			continue;
		buf_add(&note, x->device, sizeof x->device);
		put_u32(&note, x->seq);
		buf_add(&note, x->hash, sizeof x->hash);
		buf_add(&note, ts->at[i].by.b, WIRE_ID_LEN);
	}
	f = note_write(s->repo, ref, buf_view(&note));
	buf_free(&note);
	return f;
}
