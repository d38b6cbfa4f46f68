/*
 * cmd_cut -- where a device's chain is cut: at the newest commit held here,
 * or where --at says, never below what main has accepted.
 */
#include "fieldkit/cmd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static fault
accepted(struct home *h, const struct id *device, uint64_t *seq)
{
	struct mainline m = { .n = 0 };
	struct oid head;
	fault f = exchange_main(h, &head);

	*seq = 0;
	if (f == NULL && !oid_zero(&head))
		f = mainline_read(&m, &h->site, &head);
	for (size_t i = 0; f == NULL && i < m.n; i++)
		if (id_eq(&m.at[i].device, device))
			*seq = m.at[i].seq;
	mainline_free(&m);
	return f;
}

static fault
wanted(uint64_t *seq, const char *at, uint64_t least, uint64_t newest)
{
	if (at == NULL) {
		*seq = newest;
		return NULL;
	}
	if (!decimal_parse(seq, bytes_of(at), WIRE_SEQ_MAX) || *seq > newest)
		return fault_new(FAULT_INVALID, "--at is a number of its "
		    "chain, up to %" PRIu64 "; nothing was changed", newest);
	if (*seq < least)
		return fault_new(FAULT_INVALID, "main has accepted this device "
		    "up to number %" PRIu64 ": a cut before that is refused; "
		    "nothing was changed", least);
	return NULL;
}

/* The newest commit of ref that is here, and where --at falls on it. */
static fault
place(struct home *h, const char *ref, const char *at, uint64_t least,
    struct commit *c)
{
	struct oid head, oid;
	uint64_t seq;
	fault f = site_head(c, &head, &h->site, ref);

	if (f != NULL) {
		*c = (struct commit){ .seq = 0 };
		return f->code == FAULT_ABSENT ? NULL : f;
	}
	if ((f = wanted(&seq, at, least, c->seq)) != NULL)
		return f;
	if (seq == 0) {
		*c = (struct commit){ .seq = 0 };
		return NULL;
	}
	if ((f = chain_at(&oid, &h->site, &head, seq)) != NULL)
		return f;
	return site_commit(c, &h->site, &oid);
}

fault
cmd_cut(struct ctx *c, struct member *cut, enum cut_reason reason,
    const char *at)
{
	struct home *h = &c->home;
	char ref[REF_MAX];
	struct commit on, on_main = { .seq = 0 };
	uint64_t least;
	fault f;

	ref_device(ref, &cut->device);
	if ((f = accepted(h, &cut->device, &least)) != NULL ||
	    (f = place(h, ref, at, least, &on)) != NULL)
		return f;
	if ((cut->caps & CAP_COORDINATE) &&
	    (f = place(h, SITE_MAIN, NULL, 0, &on_main)) != NULL)
		return f;
	cut->cut_reason = reason;
	cut->cut_seq = on.seq;
	cut->cut_hash = on.hash;
	cut->cut_main_seq = on_main.seq;
	cut->cut_main_hash = on_main.hash;
	return NULL;
}
