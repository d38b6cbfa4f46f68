/*
 * shelf -- secrets by compartment and epoch, in order, in one block of locked
 * memory.
 */
#ifndef SYNC_SHELF_H
#define SYNC_SHELF_H

#include "schema/wire.h"

#include <stddef.h>
#include <stdint.h>

struct held_key {
	uint32_t	e;
	uint8_t		comp;
	uint8_t		key[WIRE_KEY_LEN];
};

/* Strictly increasing by compartment, then epoch.  Zeros: empty. */
struct shelf {
	struct held_key	*at;
	size_t		n, room;
};

/* Before, at or behind (comp, e)?  As memcmp. */
int shelf_order(const struct held_key *, uint8_t comp, uint32_t e);
/* NULL: not there.  Valid until something is put or dropped. */
const struct held_key *shelf_find(const struct shelf *, uint8_t comp,
    uint32_t e);
/* One that is there is replaced. */
void shelf_put(struct shelf *, uint8_t comp, uint32_t e, const uint8_t *key);
/* All compartments' of epoch e, zeroed. */
void shelf_drop(struct shelf *, uint32_t e);
void shelf_free(struct shelf *);

#endif
