/*
 * rotate, approve -- new keys for everyone; a second signature.
 */
#include "fieldkit/cmds.h"

#include <inttypes.h>
#include <stdlib.h>

fault
cmd_rotate(struct ctx *c)
{
	struct intent in = { .flags = INTENT_EPOCH, .items = ENTRY_EMPTY };
	uint32_t before;
	fault f;

	if ((f = cmd_unlock_site(c)) != NULL ||
	    (f = cmd_coordinator(c)) != NULL)
		return f;
	before = roster_epoch(c->home.site.roster)->e;
	if ((f = cmd_intend(c, &in)) != NULL)
		return f;
	if (!c->json && roster_epoch(c->home.site.roster)->e > before)
		out(c, "Everything is sealed under new keys from now on (epoch "
		    "%" PRIu32 "). Each device gets them at its next sync.\n",
		    roster_epoch(c->home.site.roster)->e);
	return NULL;
}

/* Of what waits: does it take rights away?  Then the keys change with it. */
static unsigned
follows(const struct roster *ro, uint64_t seq, size_t *waits)
{
	unsigned flags = 0;

	*waits = 0;
	for (size_t i = 0; i < ro->nheld; i++) {
		struct reader r = reader_of(buf_view(&ro->held[i].item));
		struct entry_item it;

		if (ro->held[i].seq != seq)
			continue;
		it = item_next(&r);
		++*waits;
		if (it.kind == ITEM_CUT)
			flags = INTENT_EPOCH | INTENT_TREE;
	}
	return flags;
}

static fault
list_waiting(struct ctx *c)
{
	const struct roster *ro = c->home.site.roster;
	struct json_out w = json_writer(&c->out);
	uint64_t last = 0;
	char hex[ID_HEX];

	for (size_t i = 0; i < ro->nheld; i++) {
		const struct held *h = &ro->held[i];

		if (h->seq == last)
			continue;
		last = h->seq;
		id_hex(hex, &h->author);
		if (!c->json) {
			out(c, "%" PRIu64 "  asked for by %s\n", h->seq, hex);
			continue;
		}
		json_open(&w, '{');
		json_key(&w, "seq");
		json_put_int(&w, (int64_t)h->seq);
		json_key(&w, "device");
		json_put_text(&w, hex);
		json_close(&w);
		buf_text(&c->out, "\n");
	}
	return NULL;
}

static bool
asked_here(const struct ctx *c, uint64_t seq)
{
	const struct roster *ro = c->home.site.roster;

	for (size_t i = 0; i < ro->nheld; i++)
		if (ro->held[i].seq == seq &&
		    id_eq(&ro->held[i].author, &c->home.device))
			return true;
	return false;
}

fault
cmd_approve(struct ctx *c)
{
	struct intent in = INTENT_EMPTY;
	const struct roster *ro;
	uint64_t seq;
	size_t waits;
	fault f;

	if ((f = cmd_unlock_site(c)) != NULL ||
	    (f = cmd_coordinator(c)) != NULL)
		return f;
	if (c->nargs == 0)
		return list_waiting(c);
	ro = c->home.site.roster;
	if (!decimal_parse(&seq, bytes_of(c->args[0]), WIRE_SEQ_MAX) ||
	    seq > c->home.site.bound)
		return fault_new(FAULT_ABSENT, "the roster has no entry '%.20s'"
		    "; 'fieldkit approve' lists what waits", c->args[0]);
	if (asked_here(c, seq))
		return fault_new(FAULT_INVALID, "entry %" PRIu64 " was asked "
		    "for by this device: another coordinator approves it, or "
		    "the recovery key; nothing was changed; give the command "
		    "again with --recovery-file", seq);
	in.flags = follows(ro, seq, &waits);
	if (waits == 0)
		return fault_new(FAULT_INVALID, "entry %" PRIu64 " waits for "
		    "no second signature; nothing was changed", seq);
	entry_approve(&in.items, seq, roster_entry(ro, seq));
	return cmd_intend(c, &in);
}
