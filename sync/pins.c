#include "sync/pins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PINS "refs/pins/"
#define HEADS "refs/heads/"
#define PINS_MAX (1u << 16)	/* hubs ever met times refs of a project */

void
pin_name(char to[REF_MAX], const struct id *hub, const char *ref)
{
	char hex[ID_HEX];

	/* "refs/" is in the pin's own beginning already. */
	snprintf(to, REF_MAX, PINS "%s/%.80s", id_hex(hex, hub),
	    ref + strlen("refs/"));
}

bool
pin_parse(struct id *hub, char ref[REF_MAX], const char *name)
{
	size_t start = strlen(PINS), hex = 2 * WIRE_ID_LEN;

	if (strncmp(name, PINS, start) != 0 ||
	    strlen(name) < start + hex + 1 || name[start + hex] != '/' ||
	    !hex_parse(hub->b, WIRE_ID_LEN,
	    (struct bytes){ (const uint8_t *)name + start, hex }))
		return false;
	snprintf(ref, REF_MAX, "refs/%.80s", name + start + hex + 1);
	return strncmp(ref, HEADS, strlen(HEADS)) == 0;
}

void
lost_name(char to[REF_MAX], const struct id *hub)
{
	char hex[ID_HEX];

	snprintf(to, REF_MAX, "refs/lost/%s", id_hex(hex, hub));
}

fault
ref_get(struct oid *out, struct repo *repo, const char *name)
{
	fault f = repo_ref(out, repo, name);

	if (f != NULL && f->code == FAULT_ABSENT) {
		*out = (struct oid){ { 0 } };
		return NULL;
	}
	return f;
}

fault
ref_put(struct repo *repo, const char *name, const struct oid *old,
    const struct oid *to)
{
	return repo_ref_move(repo, name, oid_zero(old) ? NULL : old, to);
}

fault
pin_get(struct oid *out, struct repo *repo, const struct id *hub,
    const char *ref)
{
	char name[REF_MAX];

	pin_name(name, hub, ref);
	return ref_get(out, repo, name);
}

fault
pin_move(struct repo *repo, const struct id *hub, const char *ref,
    const struct oid *to)
{
	char name[REF_MAX];
	struct oid now;
	fault f;

	pin_name(name, hub, ref);
	if ((f = ref_get(&now, repo, name)) != NULL || oid_eq(&now, to))
		return f;
	return ref_put(repo, name, &now, to);
}

fault
pin_list(struct repo_ref **out, size_t *n, struct repo *repo)
{
	return repo_refs(out, n, repo, PINS, PINS_MAX);
}

fault
pin_all(struct repo_ref **out, size_t *n, struct repo *repo, const char *ref)
{
	char of[REF_MAX];
	struct id hub;
	size_t all, kept = 0;
	fault f = pin_list(out, &all, repo);

	for (size_t i = 0; f == NULL && i < all; i++)
		if (pin_parse(&hub, of, (*out)[i].name) &&
		    strcmp(of, ref) == 0)
			(*out)[kept++] = (*out)[i];
	*n = kept;
	return f;
}
