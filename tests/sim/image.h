/*
 * image -- the folders that every simulation starts from: a project with a
 * hub, a coordinator and four workers, made once by the program's own
 * commands, and another project's hub.
 *
 * It is made from one fixed seed, so it is the same in every run; each
 * simulation works on a copy.  Everything is below the current folder and is
 * named relative to it, so that nothing depends on where that is.
 */
#ifndef TESTS_SIM_IMAGE_H
#define TESTS_SIM_IMAGE_H

#include "sync/base/fault.h"

#define DEVICES 5		/* d0 coordinates; d4 has not been admitted */
#define HUBS 2			/* h0 is home; h1 is new */
#define IMAGE_CLOCK UINT64_C(1790000000000)	/* ms */

/* Make it in image/: d0..d4, h0, h1, and `foreign`, a hub. */
fault image_make(void) MUST_CHECK;
/* A command of the program, for what has no shorter way: words stand between
 * spaces, "_" is a space within one. */
fault image_command(const char *line) MUST_CHECK;
/* A tree of folders and files, byte by byte. */
fault image_copy(const char *from, const char *to) MUST_CHECK;

#endif
