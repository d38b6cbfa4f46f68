#include "sync/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/lang.h"
#include "sync/hub_id.h"
#include "sync/sync_own.h"

struct oid
sync_shown(const struct sync *s, const char *ref)
{
	for (size_t i = 0; i < s->nshown; i++)
		if (strcmp(s->shown[i].name, ref) == 0)
			return s->shown[i].oid;
	return (struct oid){ { 0 } };
}

void
sync_finding(struct sync *s, enum finding_code code, const char *ref,
    uint64_t seq, const char *text)
{
	struct finding x = chain_finding(code, carry_url(s->carry), ref, seq);

	snprintf(x.text, sizeof x.text, "%s", text);
	findings_add(&s->findings, &x);
}

bool
sync_found(const struct sync *s, enum finding_code code, const char *ref)
{
	for (size_t i = 0; i < s->findings.n; i++)
		if (s->findings.at[i].code == code &&
		    strcmp(s->findings.at[i].ref, ref) == 0)
			return true;
	return false;
}

fault
sync_list(struct sync *s)
{
	struct repo_ref *shown = NULL;
	size_t n = 0;
	fault f = carry_refs(&shown, &n, &s->foreign, s->carry);

	if (f != NULL && f->code == FAULT_FORMAT) {
		sync_finding(s, FIND_OVERSIZED, "", 0, f->text);
		return fault_new(FAULT_TRUST, "%s", f->text);
	}
	if (f != NULL)
		return f;
	free(s->shown);
	s->shown = shown;
	s->nshown = n;
	return NULL;
}

/* --- which hub ---------------------------------------------------------- */

static fault
refuse(struct sync *s, enum finding_code code, const char *text)
{
	sync_finding(s, code, SYNC_HUB, 1, say(text));
	return fault_new(FAULT_TRUST, "%s: %s; nothing was taken from it and "
	    "nothing given to it", carry_url(s->carry), say(text));
}

fault
sync_read_hub(struct sync *s, const struct oid *oid)
{
	struct oid none = { { 0 } };
	struct buf blob = BUF_EMPTY;
	struct hub_id id;
	struct commit c;
	fault f = NULL;

	if (!repo_has(s->site->repo, oid))
		f = carry_fetch(s->carry, s->site->repo, SYNC_HUB, &none, oid);
	if (f == NULL)
		f = site_commit(&c, s->site, oid);
	if (f == NULL && !hash_eq(&c.genesis, &s->site->genesis))
		return refuse(s, FIND_WRONG_PROJECT, "this hub belongs to "
		    "another project");
	if (f == NULL)
		f = site_blob(&blob, s->site, &c);
	if (f == NULL ? strcmp(c.ref, SYNC_HUB) != 0 ||
	    !hub_id_get(&id, buf_view(&blob)) :
	    f->code == FAULT_FORMAT || f->code == FAULT_ABSENT)
		f = refuse(s, FIND_CORRUPT, "the hub's own id is damaged");
	buf_free(&blob);
	if (f == NULL)
		s->hub = id.hub;
	return f;
}

fault
sync_begin(struct sync *s, struct site *site, struct carry *carry)
{
	struct oid hub;
	fault f;

	*s = (struct sync){ .site = site, .carry = carry };
	if ((f = head_pins_read(&s->head_pins, site->repo)) != NULL ||
	    (f = sync_list(s)) != NULL)
		return f;
	hub = sync_shown(s, SYNC_HUB);
	return oid_zero(&hub) ? NULL : sync_read_hub(s, &hub);
}

void
sync_end(struct sync *s)
{
	free(s->shown);
	head_pins_free(&s->head_pins);
	findings_free(&s->findings);
	*s = (struct sync){ .site = NULL };
}
