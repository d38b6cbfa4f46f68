/*
 * embedded -- the data files that are part of the program.
 *
 * scripts/embed makes build/<variant>/gen/embedded.c from schema/: the
 * installed program needs no file beside it.
 */
#ifndef SCHEMA_EMBEDDED_H
#define SCHEMA_EMBEDDED_H

#include <stddef.h>
#include <stdint.h>

struct embedded_file {
	const char	*name;	/* path below schema/, "packs/default.json" */
	const uint8_t	*at;
	size_t		len;	/* a NUL follows that is not counted */
};

struct embedded_phrase {
	const char	*en;
	const char	*nl;
};

extern const struct embedded_file embedded_files[];	/* sorted by name */
extern const size_t embedded_file_count;
extern const struct embedded_phrase embedded_phrases[];	/* sorted by en */
extern const size_t embedded_phrase_count;

/* NULL if there is no such file. */
const struct embedded_file *embedded_find(const char *name);

#endif
