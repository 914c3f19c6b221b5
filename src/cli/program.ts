import { Command } from 'commander';
import { addAgentCommand } from './agent.ts';
import type { CliContext } from './context.ts';
import { addControllerCommand } from './controller.ts';
import { addCrdsCommand } from './crds.ts';
import { addDoctorCommand } from './doctor.ts';
import { addEmulateCommand } from './emulate.ts';
import { addEmulatorCommand } from './emulator.ts';
import { addExportCommand } from './export/command.ts';
import { addImportCommand } from './import/command.ts';
import { addOwnershipCommands } from './ownership.ts';
import { addQemuCommand } from './qemu/command.ts';
import { addStandaloneCommand } from './standalone.ts';
import { addVersionCommand } from './version.ts';

/** The whole command line. Parsing it runs the command; commands end when `context.signal` aborts. */
export function buildProgram(context: CliContext): Command {
  const program = new Command('mdev-operator')
    .description('A declarative controller for Linux mediated devices: kubectl in, mdevs out.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.print(text.replace(/\n$/, '')) })
    .showHelpAfterError(false);
  addStandaloneCommand(program, context);
  addAgentCommand(program, context);
  addControllerCommand(program, context);
  addEmulatorCommand(program, context);
  addEmulateCommand(program, context);
  addOwnershipCommands(program, context);
  addQemuCommand(program, context);
  addImportCommand(program, context);
  addExportCommand(program, context);
  addDoctorCommand(program, context);
  addCrdsCommand(program, context);
  addVersionCommand(program, context);
  return program;
}
