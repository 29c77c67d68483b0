/* A host for tests: the first argument is how many boots there are at most, and each
 * of the others a script and its statuses in turn: "a.cmd=1,0". A status
 * "crash" takes the machine down, "stop" stops the service. "setup=2" is no script: Windows is
 * set up in the first two boots. What happens is printed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"

struct script {
	char name[NAME_SIZE];
	char *statuses;
	int tries, gone;
};

static struct script scripts[16];
static int count, removed, setups;

static struct script *find(const char *name)
{
	for (int n = 0; n < count; n++)
		if (strcmp(scripts[n].name, name) == 0)
			return &scripts[n];
	abort();
}

static int ready(void *self)
{
	(void)self;
	if (setups == 0)
		return 1;
	setups--;
	printf("setup\n");
	return 0;
}

static int list(void *self, char names[][NAME_SIZE], int max)
{
	int found = 0;
	(void)self;
	for (int n = 0; n < count && found < max; n++)
		if (!scripts[n].gone)
			strcpy(names[found++], scripts[n].name);
	return found;
}

static int tries(void *self, const char *name) { (void)self; return find(name)->tries; }

static int record(void *self, const char *name, int n)
{
	(void)self;
	if (strncmp(name, "full", 4) == 0)
		return 0;
	find(name)->tries = n;
	return 1;
}

static int crashed;

static long run(void *self, const char *name)
{
	struct script *script = find(name);
	(void)self;
	char *status = script->statuses;
	printf("run %s\n", name);
	char *next = strchr(status, ',');
	if (next != NULL) {
		*next = 0;
		script->statuses = next + 1;
	}
	if (strcmp(status, "crash") == 0) {
		crashed = 1;
		return RUN_STOPPED; /* nobody is left to see what it returns */
	}
	if (strcmp(status, "stop") == 0)
		return RUN_STOPPED;
	if (strcmp(status, "absent") == 0)
		return RUN_FAILED;
	return atol(status);
}

static void forget(void *self, const char *name) { (void)self; find(name)->gone = 1; printf("forget %s\n", name); }
static void keep(void *self, const char *name) { (void)self; find(name)->gone = 1; printf("keep %s\n", name); }
static int pause_before(void *self, int n) { (void)self; printf("pause %d\n", n); return 1; }
static void leave(void *self) { (void)self; removed = 1; printf("leave\n"); }
static void restart(void *self) { (void)self; printf("restart\n"); }
static void say(void *self, const char *format, ...) { (void)self; (void)format; }

int main(int argc, char **argv)
{
	static const struct host host = {NULL, ready, list, tries, record, run, forget, keep, pause_before, leave, restart, say};
	for (int n = 2; n < argc; n++) {
		char *equals = strchr(argv[n], '=');
		*equals = 0;
		if (strcmp(argv[n], "setup") == 0) {
			setups = atoi(equals + 1);
			continue;
		}
		strcpy(scripts[count].name, argv[n]);
		scripts[count++].statuses = equals + 1;
	}
	for (int boot = atoi(argv[1]); boot > 0 && !removed; boot--) {
		printf("boot\n");
		enum ending ending = first_boot(&host);
		if (crashed)
			printf("crash\n");
		else if (ending == STOPPED)
			printf("stopped\n");
		crashed = 0;
	}
	return 0;
}
