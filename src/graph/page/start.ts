import { nodePicture } from '../node-picture.ts';
import type { Card, Opening, Picture } from '../picture.ts';
import { chainPicture, servicePicture } from '../service-picture.ts';
import { dispatchOf } from '../services.ts';
import { plural } from '../words.ts';
import { readData } from './data.ts';
import { showNothing, showRule } from './details.ts';
import { element } from './dom.ts';
import { makeFinder } from './finder.ts';
import { makePictureView } from './picture-view.ts';
import { spotHolding } from './walk.ts';
import { hashOf, viewOf, type View } from './view.ts';

/** Of a card's rules and of a picture's chains, until more are asked for. */
const FEW = { mostRows: 40, mostCards: 150 };
const MANY = { mostRows: 1000, mostCards: 1500 };

/** @throws Error where the rules that the page carries cannot be read */
export async function startPage(): Promise<void> {
  const { data, graph } = await readData();
  const dispatch = dispatchOf(graph);
  const whole = element('whole') as HTMLButtonElement;
  let view: View = { kind: 'node' };
  let limits = FEW;

  const pictureOf = (): Picture => {
    const service = view.kind === 'service' ? dispatch.services.get(view.name) : undefined;
    if (service !== undefined) return servicePicture(graph, dispatch, service, limits);
    if (view.kind === 'chain' && graph.chains.has(view.chain)) {
      return chainPicture(graph, dispatch, view.chain, limits);
    }
    return nodePicture(graph, dispatch, data.node, limits);
  };
  const show = (seek: string): void => {
    const picture = pictureOf();
    element('title').textContent = picture.title;
    element('subtitle').textContent = picture.subtitle;
    whole.disabled = view.kind === 'node';
    showNothing();
    pictureView.show(picture, seek === '' ? undefined : spotHolding(picture, seek));
    finder.setOpen(view);
  };
  const open = (next: View, seek = ''): void => {
    if (location.hash !== hashOf(next)) history.pushState(null, '', hashOf(next));
    view = next;
    limits = FEW;
    show(seek);
  };
  const follow = (opening: Opening): void => {
    if (opening.kind === 'namespace') finder.seek(`${opening.name}/`);
    else open(opening);
  };
  const showMore = ({ chain, tone }: Card): void => {
    const isOpen = view.kind === 'chain' && view.chain === chain;
    if (chain !== undefined && tone !== 'service' && !isOpen) {
      open({ kind: 'chain', chain });
      return;
    }
    limits = MANY;
    show('');
  };

  const finder = makeFinder(graph, dispatch, open);
  const pictureView = makePictureView({
    onLook: (card, row) => showRule(graph, card, row),
    onOpen: follow,
    onMore: showMore,
    onLeave: () => finder.focus(),
  });
  whole.addEventListener('click', () => open({ kind: 'node' }));
  window.addEventListener('popstate', () => {
    view = viewOf(location.hash);
    limits = FEW;
    show('');
  });
  const given: View = data.service === null ? { kind: 'node' } : { kind: 'service', name: data.service };
  view = location.hash.length > 1 ? viewOf(location.hash) : given;
  const facts = [data.family, plural(dispatch.services.size, 'service'), plural(graph.chains.size, 'chain')];
  element('facts').textContent = [...facts, data.counted ?? ''].filter((fact) => fact !== '').join(' · ');
  show('');
  new ResizeObserver(() => pictureView.resize()).observe(element('picture'));
}
