/*
 * cmd_intend -- a command that changes the roster: who is meant, and binding
 * what was asked.
 */
#include "fieldkit/cmd.h"

#include <stdlib.h>
#include <string.h>

#include "sync/base/secret.h"

#define PREFIX_MIN 4		/* letters of a device's id */

fault
cmd_member(struct ctx *c, const char *arg, const struct member **out)
{
	const struct roster *ro = c->home.site.roster;
	const struct member *found = NULL;
	size_t len = strlen(arg), hits = 0;
	char hex[ID_HEX];
	struct id id;

	if (id_parse(&id, arg) && (found = roster_member(ro, &id)) !=
	    NULL)
		hits = 1;
	for (size_t i = 0; hits == 0 && len >= PREFIX_MIN && i < ro->nmembers;
	    i++) {
		id_hex(hex, &ro->members[i].device);
		if (strncmp(hex, arg, len) == 0) {
			found = &ro->members[i];
			hits++;
		}
	}
	if (hits != 1)
		return fault_new(FAULT_ABSENT, "no device '%.40s' is in the "
		    "roster; 'fieldkit members' lists them; nothing was "
		    "changed", arg);
	*out = found;
	return NULL;
}

/* Where the home hub is not within reach, the next sync with it binds. */
static fault
bind_now(struct ctx *c)
{
	struct fault given_up = { .code = 0 };
	fault f;
	char *url = NULL;

	if ((f = cmd_hub_url(c, NULL, &url)) == NULL)
		f = exchange_roster(&c->home, url, &given_up);
	free(url);
	if (given_up.code != 0)
		return fault_new(given_up.code, "%s", given_up.text);
	if (f != NULL)
		note("it waits for your next sync with the home hub (%s)",
		    f->text);
	return NULL;
}

/* With the paper key at hand its signature goes with what needs two. */
static fault
paper_key(struct ctx *c, const struct intent *in, struct paper **p)
{
	fault f;

	if (!(in->flags & INTENT_PAPER) || !cmd_paper_given(c))
		return NULL;
	*p = secret_new(sizeof **p);
	if ((f = cmd_paper(c, *p)) == NULL &&
	    !recover_is(c->home.site.roster, *p))
		f = fault_new(FAULT_LOCKED, "this recovery key is another "
		    "project's, or was replaced; nothing was changed; look for "
		    "the envelope of this project");
	if (f == NULL)
		c->home.paper_sk = (*p)->sign_sk;
	return f;
}

fault
cmd_intend(struct ctx *c, struct intent *in)
{
	struct paper *p = NULL;
	fault f;

	if ((f = paper_key(c, in, &p)) == NULL &&
	    (f = exchange_intend(&c->home, in)) == NULL)
		f = bind_now(c);
	c->home.paper_sk = NULL;
	secret_free(p, sizeof *p);
	intent_free(in);
	return f;
}
