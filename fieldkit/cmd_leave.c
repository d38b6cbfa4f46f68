/*
 * leave -- the last sync of this device, and then nothing of it is left here.
 */
#include "fieldkit/cmds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fieldkit/kernelkey.h"

static fault
may_leave(struct ctx *c)
{
	const struct member *me = roster_member(c->home.site.roster,
	    &c->home.device);

	if (me == NULL || !me->coordinates ||
	    roster_coordinators(c->home.site.roster) > 1)
		return NULL;
	return fault_new(FAULT_INVALID, "this is the last coordinator: the "
	    "project would have none; nothing was changed; make a second one "
	    "first");
}

/* Who wipes what nobody else has, loses it. */
static fault
all_delivered(struct ctx *c)
{
	const struct member *me = roster_member(c->home.site.roster,
	    &c->home.device);
	struct store_counts n;
	uint64_t delivered;
	struct commit head;
	struct oid oid;
	char ref[REF_MAX];
	fault f;

	/* From who belongs no longer nothing more can go. */
	if (me != NULL && (me->status == MEMBER_CUT ||
	    me->status == MEMBER_UNINVITED))
		return NULL;
	ref_device(ref, &c->home.device);
	if ((f = store_count(&c->home.store, &n)) != NULL ||
	    (f = sync_delivered(&delivered, &c->home.site,
	    &c->home.device)) != NULL)
		return f;
	f = site_head(&head, &oid, &c->home.site, ref);
	if (f != NULL && f->code != FAULT_ABSENT)
		return f;
	if (n.unsealed == 0 && (f != NULL || head.seq <= delivered))
		return NULL;
	return fault_new(FAULT_HUB, "not everything of this device is on a hub "
	    "yet; nothing was wiped; sync, and leave then");
}

static fault
ask(const struct ctx *c)
{
	if (c->yes || !term_there() || term_yes(say("Leave the project, and "
	    "wipe everything of it from this laptop?")))
		return NULL;
	return fault_new(FAULT_FAIL, "nothing was changed");
}

/* The keys first: without them the rest is noise, however far this comes. */
static fault
wipe(const char *path)
{
	static const char *const first[] = { "keyfile.a", "keyfile.b" };
	fault f;

	for (size_t i = 0; i < 2; i++) {
		char *file = path_join(path, first[i]);

		if (unlink(file) != 0 && file_exists(file))
			f = fault_errno(FAULT_FAIL, "%s cannot be removed; "
			    "nothing was wiped", file);
		else
			f = NULL;
		free(file);
		if (f != NULL)
			return f;
	}
	if ((f = file_sync_dir(path)) != NULL)
		return f;
	return file_remove_tree(path);
}

fault
cmd_leave(struct ctx *c)
{
	struct exchange_report r = { .hub = NULL };
	char *url = NULL, *path = NULL;
	char hex[ID_HEX];
	fault f;

	if ((f = cmd_unlock_site(c)) != NULL || (f = may_leave(c)) != NULL ||
	    (f = cmd_hub_url(c, NULL, &url)) != NULL ||
	    (f = exchange_sync(&c->home, url, &r)) != NULL ||
	    (f = all_delivered(c)) != NULL || (f = ask(c)) != NULL)
		goto done;
	id_hex(hex, &c->home.device);
	path = mem_text(c->home.path);
	kernelkey_drop(path);
	home_close(&c->home);
	if ((f = wipe(path)) == NULL && !c->json)
		out(c, "Nothing of this project is left on this device. Tell a "
		    "coordinator: fieldkit revoke %s --reason left\n", hex);
done:
	exchange_report_free(&r);
	free(path);
	free(url);
	return f;
}
