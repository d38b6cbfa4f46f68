#include "fieldkit/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fieldkit/shape.h"
#include "schema/embedded.h"

/* Texts that have memory of their own. */
static void
free_list(struct pack_list *l)
{
	for (size_t i = 0; i < l->nvalues; i++) {
		struct pack_value *v = &l->values[i];

		free(v->code);
		free(v->nl);
		free(v->en);
		free(v->class);
		free(v->cluster);
		free(v->hint_nl);
		free(v->hint_en);
	}
	free(l->name);
}

static void
free_type(struct pack_type *t)
{
	for (size_t i = 0; i < t->nfields; i++) {
		struct pack_field *f = &t->fields[i];

		free(f->name);
		free(f->nl);
		free(f->en);
		free(f->hint_nl);
		free(f->hint_en);
		free(f->class);
		free(f->generate);
		free(f->not_above);
	}
	free(t->name);
	free(t->nl);
	free(t->en);
}

static void
free_texts(struct pack *p)
{
	for (size_t i = 0; i < p->ntypes; i++)
		free_type(&p->types[i]);
	for (size_t i = 0; i < p->nlists; i++)
		free_list(&p->lists[i]);
	free(p->name);
	free(p->version);
}

void
pack_free(struct pack *p)
{
	if (p == NULL)
		return;
	if (p->held.at == NULL)
		free_texts(p);
	for (size_t i = 0; i < p->ntypes; i++)
		free(p->types[i].fields);
	for (size_t i = 0; i < p->nlists; i++)
		free(p->lists[i].values);
	free(p->types);
	free(p->lists);
	buf_free(&p->held);
	free(p);
}

fault
pack_builtin(struct bytes *json, const char *name)
{
	const struct embedded_file *file = NULL;
	char path[WIRE_NAME_MAX + 16];

	if (name_ok(bytes_of(name))) {
		snprintf(path, sizeof path, "packs/%s.json", name);
		file = embedded_find(path);
	}
	if (file == NULL)
		return fault_new(FAULT_ABSENT,
		    "no pack of the name %.64s comes with the program", name);
	*json = (struct bytes){ file->at, file->len };
	return NULL;
}

const struct pack_type *
pack_type(const struct pack *p, struct bytes name)
{
	for (size_t i = 0; i < p->ntypes; i++)
		if (bytes_is(name, p->types[i].name))
			return &p->types[i];
	return NULL;
}

const struct pack_field *
pack_field(const struct pack_type *t, struct bytes name)
{
	for (size_t i = 0; i < t->nfields; i++)
		if (bytes_is(name, t->fields[i].name))
			return &t->fields[i];
	return NULL;
}
