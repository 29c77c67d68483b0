/* What the first boot of a Windows guest does with its scripts, apart from how
 * Windows does it. */
#ifndef CONTROL_H
#define CONTROL_H

/* TRIES is how often a script is started at most, over all boots. */
#define TRIES 3

/* NAME_SIZE is that of a script's file name, with its end. */
#define NAME_SIZE 128
#define MAX_SCRIPTS 256

/* Statuses with which an installer says that all is well and Windows has to be
 * restarted, or is restarted already. */
#define STATUS_RESTART 3010
#define STATUS_RESTARTED 1641

/* What run says beside the status of a script. */
#define RUN_STOPPED (-1) /* the service was told to stop */
#define RUN_FAILED (-2)  /* the script could not be started, or was ended for its time */

enum ending { ENDED, RESTARTING, STOPPED };

/* A host is what runs scripts. All that it keeps must outlast a power failure. */
struct host {
	void *self;
	/* ready waits until Windows is set up, and returns 0 if the service is to stop. */
	int (*ready)(void *self);
	/* list fills names in the order of the scripts, and returns how many there are. */
	int (*list)(void *self, char names[][NAME_SIZE], int max);
	/* tries is how often a script was started; record keeps that, or returns 0. */
	int (*tries)(void *self, const char *name);
	int (*record)(void *self, const char *name, int tries);
	/* run returns the script's status, RUN_STOPPED or RUN_FAILED. */
	long (*run)(void *self, const char *name);
	/* forget removes a script that is done, and keep puts one that failed aside. */
	void (*forget)(void *self, const char *name);
	void (*keep)(void *self, const char *name);
	/* pause waits before the next try, and returns 0 if the service is to stop. */
	int (*pause)(void *self, int tries);
	/* leave removes the service and its program. */
	void (*leave)(void *self);
	void (*restart)(void *self);
	void (*say)(void *self, const char *format, ...);
};

/* first_boot runs the scripts that there are. */
enum ending first_boot(const struct host *h);

#endif
