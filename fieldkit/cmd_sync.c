/*
 * seal, sync, merge, alarms -- the evening at the community centre.
 */
#include "fieldkit/cmds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fieldkit/newcomers.h"
#include "fieldkit/show.h"
#include "sync/base/clock.h"

fault
cmd_seal(struct ctx *c)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct json_out w = json_writer(&c->out);
	size_t changes = 0, commits = 0;
	fault f;

	if ((f = cmd_unlock_site(c)) != NULL ||
	    (f = home_lock(&lock, &c->home)) != NULL)
		return f;
	f = exchange_seal(&c->home, &changes, &commits);
	file_unlock(&lock);
	if (f != NULL)
		return f;
	if (!c->json) {
		out(c, "%zu changes sealed in %zu signed commits.\n", changes,
		    commits);
		return NULL;
	}
	json_open(&w, '{');
	json_key(&w, "changes");
	json_put_int(&w, (int64_t)changes);
	json_key(&w, "commits");
	json_put_int(&w, (int64_t)commits);
	json_close(&w);
	buf_text(&c->out, "\n");
	return NULL;
}

/* --- sync --------------------------------------------------------------- */

static void
report_json(struct json_out *w, const struct exchange_report *r)
{
	json_key(w, "hub");
	json_put_text(w, r->hub);
	json_key(w, "sent");
	json_put_int(w, (int64_t)r->sent);
	json_key(w, "received");
	json_put_int(w, (int64_t)r->received);
	json_key(w, "imported");
	json_put_int(w, (int64_t)r->imported);
	json_key(w, "conflicts");
	json_put_int(w, (int64_t)r->conflicts);
	json_key(w, "healed");
	json_put_int(w, (int64_t)r->healed);
	json_key(w, "alarms");
	json_findings(w, &r->findings);
}

static void
report_text(struct ctx *c, const struct exchange_report *r)
{
	out(c, "%zu commits sent, %zu received; %zu changes new here; "
	    "%zu records in conflict.\n", r->sent, r->received, r->imported,
	    r->conflicts);
	if (r->healed > 0)
		out(c, "The hub was behind on %zu branches and got them "
		    "back.\n", r->healed);
	if (r->held_back)
		out(c, "Your own work waits: this hub does not know your "
		    "invitation yet. Sync again after the coordinator has.\n");
	if (r->frozen)
		out(c, "Nothing more can be sent from this device: its branch "
		    "has a second writer. All that is here is kept; tell the "
		    "coordinator.\n");
	for (size_t i = 0; i < r->findings.n; i++)
		out_finding(c, &r->findings.at[i]);
}

/* Only what was not standing already is a new alarm; it makes exit 8. */
static fault
raise_alarms(struct ctx *c, struct exchange_report *r)
{
	struct findings new = FINDINGS_EMPTY;
	struct alarms as;
	size_t fresh, added;
	fault f;

	if (r->listened && (f = alarms_end_silence(c->home.path,
	    &r->findings)) != NULL)
		return f;
	if ((f = alarms_raise(c->home.path, &r->findings, &fresh, &added)) !=
	    NULL || (f = alarms_read(&as, c->home.path)) != NULL)
		return f;
	/* The added ones are the last of the file. */
	for (size_t i = as.n - added; i < as.n; i++)
		findings_add(&new, &as.at[i].finding);
	findings_free(&r->findings);
	r->findings = new;
	alarms_free(&as);
	if (fresh > 0)
		c->status = FAULT_TRUST;
	return NULL;
}

/* A key that is at hand is used; without one the sync carries only. */
static fault
open_for_sync(struct ctx *c)
{
	fault f = cmd_open(c);

	if (f != NULL)
		return f;
	f = option_given(c, "unattended") &&
	    option(c, "passphrase-fd") == NULL &&
	    getenv("FIELDKIT_PASSPHRASE_FILE") == NULL ? NULL :
	    cmd_unlock(c);
	return f != NULL ? f : home_site(&c->home);
}

/* What the nightly run did, for the next person who looks; no content. */
static fault
save_report(struct ctx *c, const struct exchange_report *r, fault stopped)
{
	struct buf b = BUF_EMPTY;
	struct json_out w = json_writer(&b);
	char *path = home_file(&c->home, "last-sync"), when[32];
	fault f;

	clock_text(when, clock_wall_ms());
	json_open(&w, '{');
	json_key(&w, "time");
	json_put_text(&w, when);
	report_json(&w, r);
	json_key(&w, "stopped");
	json_put_text(&w, stopped == NULL ? "" : stopped->text);
	json_close(&w);
	buf_text(&b, "\n");
	f = file_write(path, buf_view(&b), 0600);
	free(path);
	buf_free(&b);
	return f;
}

static void
say_report(struct ctx *c, const struct exchange_report *r)
{
	struct json_out w = json_writer(&c->out);

	if (!c->json) {
		report_text(c, r);
		return;
	}
	json_open(&w, '{');
	report_json(&w, r);
	json_close(&w);
	buf_text(&c->out, "\n");
}

static void
say_newcomer(void *arg, const struct member *m)
{
	char hex[ID_HEX];

	(void)arg;
	note("NEW READER since your last visit: %s (%s), device %s",
	    m->name == NULL ? "?" : m->name, say(role_name(m->standing)),
	    id_hex(hex, &m->device));
}

/* What changed in who belongs, so that nobody is added in silence. */
static void
say_changes(struct ctx *c, const struct exchange_report *r)
{
	const struct member *me = roster_member(c->home.site.roster,
	    &c->home.device);
	fault f;

	if (r->given_up.code != 0)
		note("what you asked of the roster cannot be: %s",
		    r->given_up.text);
	if (r->erased.records > 0)
		note("%zu records were erased on this device, as a coordinator "
		    "asked; %zu changes to them that were not sent yet went "
		    "too", r->erased.records, r->erased.unsealed);
	if (me != NULL && me->status == MEMBER_UNINVITED)
		note("this device's invitation was taken back; what is here "
		    "stays here; ask a coordinator");
	if (me != NULL && me->status == MEMBER_CUT)
		note("this device is no longer a member; what is here stays "
		    "here; ask a coordinator");
	if (c->home.master == NULL)
		return;
	if ((f = newcomers(&c->home, say_newcomer, NULL)) != NULL)
		note("%s", f->text);
}

/* Does this device belong no longer?  Then no keys come any more. */
static bool
gone(const struct ctx *c)
{
	const struct member *me = roster_member(c->home.site.roster,
	    &c->home.device);

	return me != NULL && (me->status == MEMBER_CUT ||
	    me->status == MEMBER_UNINVITED);
}

static fault
finish_sync(struct ctx *c, struct exchange_report *r, fault f)
{
	fault g = raise_alarms(c, r), s = save_report(c, r, f);

	if (f == NULL) {
		say_report(c, r);
		say_changes(c, r);
	}
	if (f == NULL && r->stopped.code != 0 && !gone(c))
		note("%s", r->stopped.text);
	return f != NULL ? f : g != NULL ? g : s;
}

fault
cmd_sync(struct ctx *c)
{
	struct exchange_report r = { .hub = NULL };
	char *url = NULL;
	fault f;

	if ((f = open_for_sync(c)) != NULL ||
	    (f = cmd_hub_url(c, c->nargs > 0 ? c->args[0] : NULL, &url)) !=
	    NULL)
		return f;
	f = exchange_sync(&c->home, url, &r);
	f = finish_sync(c, &r, f);
	exchange_report_free(&r);
	free(url);
	return f;
}

/* --- merge -------------------------------------------------------------- */

static fault
quarantine_json(void *arg, const struct quarantined *q)
{
	struct json_out *w = arg;
	char hex[ID_HEX], dot[DOT_TEXT];

	json_open(w, '{');
	json_key(w, "device");
	json_put_text(w, id_hex(hex, &q->dot.device));
	json_key(w, "seq");
	json_put_int(w, (int64_t)q->seq);
	json_key(w, "code");
	json_put_text(w, q->code);
	json_key(w, "dot");
	json_put_text(w, dot_text(dot, &q->dot));
	json_close(w);
	return NULL;
}

static fault
quarantine_text(void *arg, const struct quarantined *q)
{
	char dot[DOT_TEXT];

	out(arg, "  in quarantine: %s (%s)\n", dot_text(dot, &q->dot),
	    q->code);
	return NULL;
}

static fault
merge_json(struct ctx *c, const struct merge_report *r)
{
	struct json_out w = json_writer(&c->out);
	char hex[ID_HEX], oid[41];
	fault f;

	json_open(&w, '{');
	json_key(&w, "merged");
	json_open(&w, '[');
	for (size_t i = 0; i < r->nmerged; i++) {
		json_open(&w, '{');
		json_key(&w, "device");
		json_put_text(&w, id_hex(hex, &r->merged[i].device));
		json_key(&w, "from");
		json_put_int(&w, (int64_t)r->merged[i].from);
		json_key(&w, "to");
		json_put_int(&w, (int64_t)r->merged[i].to);
		json_close(&w);
	}
	json_close(&w);
	json_key(&w, "quarantined");
	json_open(&w, '[');
	f = store_each_quarantined(&c->home.store, quarantine_json, &w);
	json_close(&w);
	json_key(&w, "admitted");
	json_put_int(&w, (int64_t)r->admitted);
	json_key(&w, "conflicts");
	json_put_int(&w, (int64_t)r->sync.conflicts);
	json_key(&w, "main");
	oid_hex(oid, &r->main);
	if (oid_zero(&r->main))
		json_put_null(&w);
	else
		json_put_text(&w, oid);
	json_close(&w);
	buf_text(&c->out, "\n");
	return f;
}

static fault
merge_text(struct ctx *c, const struct merge_report *r)
{
	char name[128], oid[41];

	for (size_t i = 0; i < r->nmerged; i++) {
		show_device(c, &r->merged[i].device, name, sizeof name);
		out(c, "  %s: commits %llu to %llu accepted\n", name,
		    (unsigned long long)r->merged[i].from + 1,
		    (unsigned long long)r->merged[i].to);
	}
	oid_hex(oid, &r->main);
	out(c, "%zu devices merged, %zu admitted, %zu records in conflict; "
	    "main is %.12s.\n", r->nmerged, r->admitted, r->sync.conflicts,
	    oid_zero(&r->main) ? say("not there yet") : oid);
	for (size_t i = 0; i < r->sync.findings.n; i++)
		out_finding(c, &r->sync.findings.at[i]);
	return store_each_quarantined(&c->home.store, quarantine_text, c);
}

fault
cmd_merge(struct ctx *c)
{
	struct merge_report r = { .merged = NULL };
	char *url = NULL;
	fault f, g;

	if ((f = cmd_unlock_site(c)) != NULL ||
	    (f = cmd_coordinator(c)) != NULL ||
	    (f = cmd_hub_url(c, c->nargs > 0 ? c->args[0] : NULL, &url)) !=
	    NULL)
		return f;
	f = exchange_merge(&c->home, url, &r);
	g = raise_alarms(c, &r.sync);
	if (f == NULL && (f = g) == NULL) {
		f = c->json ? merge_json(c, &r) : merge_text(c, &r);
		say_changes(c, &r.sync);
	}
	merge_report_free(&r);
	free(url);
	return f;
}

/* --- alarms ------------------------------------------------------------- */

/* The reason first: an alarm is never silent without one. */
static fault
dismiss(struct ctx *c, uint64_t number, const char *why)
{
	struct file_lock lock = FILE_LOCK_NONE;
	char name[256];
	struct alarms as = { NULL, 0 };
	struct alarm *a;
	fault f;

	if ((f = cmd_unlock(c)) != NULL ||
	    (f = alarms_lock(&lock, c->home.path)) != NULL ||
	    (f = alarms_read(&as, c->home.path)) != NULL)
		goto done;
	if ((a = alarms_standing(&as, number)) == NULL) {
		f = fault_new(FAULT_ABSENT, "no alarm %llu stands; "
		    "'fieldkit alarms' lists them",
		    (unsigned long long)number);
		goto done;
	}
	snprintf(name, sizeof name, "dismissed/%s/%s/%llu/%llu",
	    finding_name(a->finding.code), a->finding.ref,
	    (unsigned long long)a->finding.seq, (unsigned long long)a->raised);
	if ((f = store_set(&c->home.store, name, bytes_of(why))) == NULL) {
		a->dismissed = true;
		f = alarms_write(&as, c->home.path);
	}
done:
	alarms_free(&as);
	file_unlock(&lock);
	return f;
}

fault
cmd_alarms(struct ctx *c)
{
	const char *which = option(c, "dismiss"), *why = option(c, "reason");
	struct alarms as = { NULL, 0 };
	fault f;

	if ((f = cmd_open(c)) != NULL)
		return f;
	if (which != NULL && (why == NULL || *why == '\0'))
		return fault_new(FAULT_USAGE, "--dismiss N needs --reason T");
	if (which != NULL)
		return dismiss(c, strtoull(which, NULL, 10), why);
	f = alarms_read(&as, c->home.path);
	for (size_t i = 0; f == NULL && i < as.n; i++)
		if (!as.at[i].dismissed)
			out_alarm(c, &as.at[i]);
	if (f == NULL && c->out.len == 0 && !c->json)
		out(c, "No alarms.\n");
	alarms_free(&as);
	return f;
}
