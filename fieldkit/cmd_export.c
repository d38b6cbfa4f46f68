/*
 * export -- records out, as JSON Lines, whole or not at all.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>
#include <string.h>

#include "fieldkit/show.h"

struct exporting {
	struct ctx	*c;
	struct progress	p;
	size_t		n;
};

static fault
export_one(void *arg, struct record *r)
{
	struct exporting *x = arg;

	x->n++;
	return show_json(x->c, &x->p, r, NULL);
}

static fault
export_type(struct ctx *c, struct bytes type, const char *path)
{
	struct exporting x = { .c = c };
	struct json_out w;
	fault f;

	if ((f = exchange_progress(&c->home, &x.p)) == NULL &&
	    (f = store_each(&c->home.store, type, false, export_one, &x)) ==
	    NULL)
		f = file_write(path, buf_view(&c->out), 0600);
	progress_free(&x.p);
	buf_clear(&c->out);
	if (f != NULL)
		return f;
	if (!c->json) {
		out(c, "%zu records are in %s. It is not encrypted: keep it "
		    "as safe as the stories in it.\n", x.n, path);
		return NULL;
	}
	w = json_writer(&c->out);
	json_open(&w, '{');
	json_key(&w, "records");
	json_put_int(&w, (int64_t)x.n);
	json_close(&w);
	buf_text(&c->out, "\n");
	return NULL;
}

fault
cmd_export(struct ctx *c)
{
	const char *format = option(c, "format"), *path = option(c, "output");
	const char *purpose = option(c, "purpose");
	struct bytes type = BYTES_EMPTY;
	fault f;

	if (format == NULL || path == NULL || purpose == NULL ||
	    *purpose == '\0')
		return fault_new(FAULT_USAGE, "export needs --format jsonl, "
		    "-o FILE and --purpose T");
	if (strcmp(format, "jsonl") != 0)
		return fault_new(FAULT_USAGE, "this version exports jsonl "
		    "only; nothing was written");
	if ((f = cmd_unlock_site(c)) != NULL)
		return f;
	if (c->nargs == 1) {
		type = bytes_of(c->args[0]);
		if (pack_type(c->pack, type) == NULL)
			return fault_new(FAULT_INVALID, "there is no type "
			    "'%.60s'; 'fieldkit types' lists them",
			    c->args[0]);
	}
	return export_type(c, type, path);
}
