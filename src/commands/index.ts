import { toFailure } from '../core/failure.ts';
import { jobSecrets } from '../credentials/secret-texts.ts';
import type { Hide } from '../report/hide-secrets.ts';
import { addPeer } from './add-peer.ts';
import { config } from './config.ts';
import type { Context } from './context.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor/index.ts';
import { install } from './install.ts';
import { listPeers } from './list-peers.ts';
import { hideInFailure, hideInOutcome } from './outcome/hide-secrets.ts';
import type { Outcome } from './outcome/outcome.ts';
import { removePeer } from './remove-peer.ts';
import type { Request } from './request.ts';
import { resolve } from './resolve.ts';
import { sync } from './sync.ts';

/**
 * Carries out what a user asked for. No secret that the run was given stands in what comes back, whoever repeated it.
 * @throws Failure for everything that stops the command as a whole
 */
export async function execute(request: Request, context: Context): Promise<Outcome> {
  const { env, secrets } = context;
  const token = 'dolt' in request ? request.dolt.githubToken : undefined;
  for (const secret of jobSecrets(env, token)) secrets.add(secret);
  const hide: Hide = (text) => secrets.hide(text);
  try {
    return hideInOutcome(await carryOut(request, context), hide);
  } catch (thrown) {
    throw hideInFailure(toFailure(thrown), hide);
  }
}

async function carryOut(request: Request, context: Context): Promise<Outcome> {
  switch (request.command) {
    case 'sync':
    case 'pull':
    case 'push':
    case 'status':
      return { command: request.command, ...(await sync(request, context)) };
    case 'add-peer':
      return { command: request.command, result: await addPeer(request, context) };
    case 'remove-peer':
      return { command: request.command, result: await removePeer(request, context) };
    case 'resolve':
      return { command: request.command, result: await resolve(request, context) };
    case 'list-peers':
      return { command: request.command, result: await listPeers(request, context) };
    case 'config':
      return { command: request.command, result: await config(request, context) };
    case 'doctor':
      return { command: request.command, result: await doctor(request, context) };
    case 'install':
      return { command: request.command, result: await install(request, context) };
    case 'demo':
      return { command: request.command, ...(await demo(request, context)) };
  }
}
