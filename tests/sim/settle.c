/*
 * settle -- the end of a run: the hubs are honest, and all must come to agree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/audit.h"
#include "tests/sim/device.h"
#include "tests/sim/hub.h"

static void
round_act(struct world *w, int d, int hub, enum act a)
{
	/* It is judged already. */
	(void)!world_act(w, d, a, hub, NULL);
}

static void
one_round(struct world *w)
{
	for (int d = 0; d < DEVICES; d++)
		for (int h = 0; h < HUBS; h++)
			round_act(w, d, h, ACT_SYNC);
	round_act(w, 0, 0, ACT_MERGE);
	w->tally.rounds++;
}

/* Does everybody know everything, and does every hub show all of it? */
static bool
settled(struct world *w)
{
	struct repo_ref *at = NULL;
	size_t n = 0, heads, chains = 0;
	char dir[16];

	for (int c = 0; c < CHAINS; c++)
		chains += w->model.head[c] > 0;
	for (int d = 0; d < DEVICES; d++)
		if (model_lacks(&w->model, d) > 0)
			return false;
	for (int h = 0; h < HUBS; h++) {
		snprintf(dir, sizeof dir, "h%d.0", h);
		if (hub_refs(&at, &n, dir) != NULL)
			return false;
		heads = 0;
		for (size_t i = 0; i < n; i++) {
			const struct signed_commit *c =
			    model_commit(&w->model, &at[i].oid);

			heads += c != NULL && c->chain ==
			    model_chain(&w->model, at[i].name) &&
			    c->seq == w->model.head[c->chain];
		}
		free(at);
		if (heads != chains)
			return false;
	}
	return true;
}

static void
audit_hub(struct world *w, int hub)
{
	struct audit a;
	char dir[16];
	fault f;

	snprintf(dir, sizeof dir, "h%d.0", hub);
	f = audit(&a, dir, &w->devices[0].home.genesis, "audit");
	if (f != NULL) {
		wrong(w, "audit of h%d: %s", hub, f->text);
		return;
	}
	if (a.findings.n > 0)
		wrong(w, "audit of h%d: %s %s: %s", hub,
		    finding_name(a.findings.at[0].code), a.findings.at[0].ref,
		    a.findings.at[0].text);
	trace(w, "audit h%d: %zu commits", hub, a.commits);
	w->tally.audits++;
	audit_free(&a);
}

static void
fsck(struct world *w, const char *dir)
{
	char cmd[128];

	snprintf(cmd, sizeof cmd, "git --git-dir=%s fsck --full >fsck 2>&1",
	    dir);
	fflush(stdout);
	if (system(cmd) != 0)
		wrong(w, "git fsck of %s is not content", dir);
	w->tally.fscks++;
}

/* One more visit of each: nothing is left to say. */
static void
silence(struct world *w)
{
	unsigned before = w->tally.alarms;

	one_round(w);
	w->tally.rounds--;
	if (w->wrong[0] == '\0' && w->tally.alarms != before && !w->clocks)
		wrong(w, "alarms go on when all is settled");
}

static fault
all_honest(struct world *w)
{
	fault f = NULL;

	port_seed(w->seed, 2 * w->step + 1);
	for (int h = 0; f == NULL && h < HUBS; h++)
		f = hub_honest(w, h);
	for (int d = 0; f == NULL && d < DEVICES; d++) {
		w->devices[d].skew = 0;
		if (w->devices[d].locked)
			f = device_toggle(w, d);
	}
	return f;
}

void
world_converge(struct world *w, unsigned rounds)
{
	unsigned i = 0;
	fault f;

	if (w->wrong[0] == '\0' && (f = all_honest(w)) != NULL)
		wrong(w, "%s", f->text);
	do
		one_round(w);
	while (++i < rounds && w->wrong[0] == '\0' && !settled(w));
	if (w->wrong[0] == '\0' && !settled(w))
		wrong(w, "after %u honest rounds they do not agree", rounds);
	trace(w, "settled in %u", i);
	if (w->wrong[0] == '\0')
		silence(w);
	for (int h = 0; h < HUBS && w->wrong[0] == '\0'; h++)
		audit_hub(w, h);
	if (w->wrong[0] != '\0' || w->seed % 10 != 0)
		return;
	fsck(w, "h0.0");
	fsck(w, "h1.0");
	fsck(w, "d1/repo.git");
}
