/*
 * progress -- a sign of life on standard error while something takes long.
 *
 * On a terminal a bar appears after half a second; elsewhere a line every ten
 * seconds.  Nothing is shown of content.
 */
#ifndef FIELDKIT_PROGRESS_H
#define FIELDKIT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress_bar {
	const char	*what;		/* English, goes through the catalogue */
	uint64_t	began, shown;	/* ms on the monotonic clock */
	bool		drawn;
};

void progress_begin(struct progress_bar *, const char *what);
/* done of total (0: how much is not known). */
void progress_step(struct progress_bar *, size_t done, size_t total);
void progress_end(struct progress_bar *);

#endif
