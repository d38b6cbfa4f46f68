/*
 * types, fields, pack -- what the pack lets one record.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>
#include <string.h>

#include "schema/embedded.h"

static const char *
in_language(const char *nl, const char *en)
{
	return lang_now() == LANG_NL ? nl : en;
}

fault
cmd_types(struct ctx *c)
{
	fault f = cmd_unlock(c);

	for (size_t i = 0; f == NULL && i < c->pack->ntypes; i++) {
		const struct pack_type *t = &c->pack->types[i];
		struct json_out w = json_writer(&c->out);

		if (!c->json) {
			out(c, "%-16s %s\n", t->name,
			    in_language(t->nl, t->en));
			continue;
		}
		json_open(&w, '{');
		json_key(&w, "type");
		json_put_text(&w, t->name);
		json_key(&w, "nl");
		json_put_text(&w, t->nl);
		json_key(&w, "en");
		json_put_text(&w, t->en);
		json_close(&w);
		buf_text(&c->out, "\n");
	}
	return f;
}

static void
values_json(struct json_out *w, const struct pack_field *pf)
{
	json_key(w, "values");
	json_open(w, '[');
	for (size_t i = 0; i < pf->nvalues; i++)
		json_put_text(w, pf->values[i].code);
	json_close(w);
}

static void
field_json(struct ctx *c, const struct pack_field *pf)
{
	struct json_out w = json_writer(&c->out);

	json_open(&w, '{');
	json_key(&w, "field");
	json_put_text(&w, pf->name);
	json_key(&w, "kind");
	json_put_text(&w, pf->kind == KIND_SET ? "set" : "value");
	json_key(&w, "compartment");
	json_put_text(&w, comp_name(pf->comp));
	json_key(&w, "required");
	json_put_bool(&w, pf->required);
	json_key(&w, "form");
	json_put_text(&w, form_name(pf->form));
	json_key(&w, "not_above");
	if (pf->not_above != NULL)
		json_put_text(&w, pf->not_above);
	else
		json_put_null(&w);
	json_key(&w, "class");
	json_put_text(&w, pf->class);
	json_key(&w, "nl");
	json_put_text(&w, pf->nl);
	json_key(&w, "en");
	json_put_text(&w, pf->en);
	values_json(&w, pf);
	json_close(&w);
	buf_text(&c->out, "\n");
}

static void
field_text(struct ctx *c, const struct pack_field *pf)
{
	out(c, "%-18s %-6s %-5s %-10s %s%s\n", pf->name,
	    form_name(pf->form), pf->kind == KIND_SET ? "set" : "value",
	    comp_name(pf->comp), in_language(pf->nl, pf->en),
	    pf->required && pf->generate == NULL ? say(" (required)") : "");
	for (size_t i = 0; i < pf->nvalues; i++)
		out(c, "    %-24s %s\n", pf->values[i].code,
		    in_language(pf->values[i].nl, pf->values[i].en));
}

fault
cmd_fields(struct ctx *c)
{
	const struct pack_type *t;
	fault f = cmd_unlock(c);

	if (f != NULL)
		return f;
	if ((t = pack_type(c->pack, bytes_of(c->args[0]))) == NULL)
		return fault_new(FAULT_INVALID, "there is no type '%.60s'; "
		    "'fieldkit types' lists them", c->args[0]);
	for (size_t i = 0; i < t->nfields; i++)
		if (c->json)
			field_json(c, &t->fields[i]);
		else
			field_text(c, &t->fields[i]);
	return NULL;
}

static fault
pack_list(struct ctx *c)
{
	for (size_t i = 0; i < embedded_file_count; i++) {
		const char *name = embedded_files[i].name, *dot;
		struct json_out w = json_writer(&c->out);

		if (strncmp(name, "packs/", 6) != 0 ||
		    (dot = strrchr(name, '.')) == NULL)
			continue;
		name += 6;
		if (!c->json) {
			out(c, "%.*s\n", (int)(dot - name), name);
			continue;
		}
		json_open(&w, '{');
		json_key(&w, "pack");
		json_put_bytes(&w, (struct bytes){ (const uint8_t *)name,
		    (size_t)(dot - name) });
		json_close(&w);
		buf_text(&c->out, "\n");
	}
	return NULL;
}

/* The project's own pack, or a shipped one by name. */
static fault
pack_show(struct ctx *c)
{
	struct buf json = BUF_EMPTY;
	struct bytes text = BYTES_EMPTY;
	fault f;

	if (c->nargs == 2) {
		f = pack_builtin(&text, c->args[1]);
	} else if ((f = cmd_unlock(c)) == NULL &&
	    (f = store_get(&c->home.store, "pack", &json)) == NULL) {
		text = buf_view(&json);
	}
	if (f == NULL)
		buf_add_bytes(&c->out, text);
	buf_free(&json);
	return f;
}

static fault
pack_check_file(struct ctx *c)
{
	struct json_out w = json_writer(&c->out);
	struct buf json = BUF_EMPTY;
	struct pack *p = NULL;
	fault f;

	if (c->nargs != 2)
		return fault_new(FAULT_USAGE, "usage: fieldkit pack check "
		    "FILE");
	if ((f = file_read(&json, c->args[1], PACK_MAX)) == NULL)
		f = fault_while(pack_read(&p, buf_view(&json)), "%s",
		    c->args[1]);
	if (f == NULL && c->json) {
		json_open(&w, '{');
		json_key(&w, "ok");
		json_put_bool(&w, true);
		json_key(&w, "pack");
		json_put_text(&w, p->name);
		json_key(&w, "version");
		json_put_text(&w, p->version);
		json_key(&w, "types");
		json_put_int(&w, (int64_t)p->ntypes);
		json_close(&w);
		buf_text(&c->out, "\n");
	} else if (f == NULL) {
		out(c, "%s: pack %s, version %s, %zu types: no mistakes\n",
		    c->args[1], p->name, p->version, p->ntypes);
	}
	pack_free(p);
	buf_free(&json);
	return f;
}

fault
cmd_pack(struct ctx *c)
{
	if (strcmp(c->args[0], "list") == 0 && c->nargs == 1)
		return pack_list(c);
	if (strcmp(c->args[0], "show") == 0)
		return pack_show(c);
	if (strcmp(c->args[0], "check") == 0)
		return pack_check_file(c);
	return fault_new(FAULT_USAGE, "usage: fieldkit pack %s",
	    say(c->cmd->usage));
}
