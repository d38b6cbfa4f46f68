/*
 * doctor -- check the store and the repository; rebuild what is derived.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>

#include "fieldkit/doctor.h"

static void
doctor_json(struct ctx *c, const struct doctor *d)
{
	struct json_out w = json_writer(&c->out);

	json_open(&w, '{');
	json_key(&w, "ok");
	json_put_bool(&w, d->n == 0);
	json_key(&w, "findings");
	json_open(&w, '[');
	for (size_t i = 0; i < d->n; i++)
		json_put_text(&w, d->lines[i]);
	json_close(&w);
	json_close(&w);
	buf_text(&c->out, "\n");
}

fault
cmd_doctor(struct ctx *c)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct doctor d = { NULL, 0 };
	fault f;

	if ((f = cmd_unlock_site(c)) != NULL ||
	    (f = home_lock(&lock, &c->home)) != NULL)
		return f;
	if ((f = search_start(c->home.db)) == NULL &&
	    option_given(c, "rebuild"))
		f = doctor_rebuild(&c->home.store);
	if (f == NULL)
		f = doctor_check(&d, &c->home.store);
	file_unlock(&lock);
	if (f != NULL)
		return f;
	if (c->json)
		doctor_json(c, &d);
	else if (d.n == 0)
		out(c, "The store is as its changes make it; the roster and "
		    "the repository open.\n");
	for (size_t i = 0; !c->json && i < d.n; i++)
		out(c, "%s\n", d.lines[i]);
	if (d.n > 0)
		c->status = 8;
	doctor_free(&d);
	return NULL;
}
