// Makes mutants of a TypeScript file: every one of them stands in the code at once, behind a switch (ADR 0111).
import ts from 'typescript';

const { SyntaxKind: K } = ts;

/** What stands in the place of a binary operator. */
const BINARY = new Map([
  [K.LessThanToken, ['<=', '>=']],
  [K.LessThanEqualsToken, ['<', '>']],
  [K.GreaterThanToken, ['>=', '<=']],
  [K.GreaterThanEqualsToken, ['>', '<']],
  [K.EqualsEqualsEqualsToken, ['!==']],
  [K.ExclamationEqualsEqualsToken, ['===']],
  [K.AmpersandAmpersandToken, ['||']],
  [K.BarBarToken, ['&&']],
  [K.PlusToken, ['-']],
  [K.MinusToken, ['+']],
  [K.AsteriskToken, ['/']],
  [K.PercentToken, ['*']],
  [K.AmpersandToken, ['|']],
  [K.BarToken, ['&']],
  [K.CaretToken, ['|']],
  [K.LessThanLessThanToken, ['>>']],
  [K.GreaterThanGreaterThanToken, ['<<']],
  [K.GreaterThanGreaterThanGreaterThanToken, ['<<']],
  [K.PlusEqualsToken, ['-=']],
  [K.MinusEqualsToken, ['+=']],
  [K.BarEqualsToken, ['&=']],
  [K.AmpersandEqualsToken, ['|=']],
  [K.CaretEqualsToken, ['|=']],
]);

const isText = (node) =>
  ts.isStringLiteralLike(node) ||
  ts.isTemplateExpression(node) ||
  (ts.isBinaryExpression(node) && isText(node.left));

/** Texts that may stand in the place of a node: `what` names the kind of change. */
function changesOf(node, source) {
  const text = (n) => n.getText(source);
  if (ts.isBinaryExpression(node)) {
    const { left, right, operatorToken } = node;
    const others = BINARY.get(operatorToken.kind) ?? [];
    // Where strings are put together, a minus is no fault that anybody makes.
    if (/^[+]=?$/.test(text(operatorToken)) && (isText(left) || isText(right))) return [];
    return others.map((operator) => ({
      what: `${text(operatorToken)} becomes ${operator}`,
      to: `${text(left)} ${operator} ${text(right)}`,
    }));
  }
  if (ts.isPrefixUnaryExpression(node)) {
    if ([K.ExclamationToken, K.TildeToken, K.MinusToken].includes(node.operator))
      return [{ what: `${ts.tokenToString(node.operator)} left out`, to: text(node.operand) }];
    if ([K.PlusPlusToken, K.MinusMinusToken].includes(node.operator))
      return [countsOtherWay(node.operator, (sign) => `${sign}${text(node.operand)}`)];
  }
  if (ts.isPostfixUnaryExpression(node))
    return [countsOtherWay(node.operator, (sign) => `${text(node.operand)}${sign}`)];
  if (ts.isNumericLiteral(node)) {
    const value = Number(text(node).replaceAll('_', ''));
    return [...(value === 1 ? [0] : []), value + 1].map((to) => ({
      what: `${text(node)} becomes ${to}`,
      to: String(to),
    }));
  }
  if (node.kind === K.TrueKeyword) return [{ what: 'true becomes false', to: 'false' }];
  if (node.kind === K.FalseKeyword) return [{ what: 'false becomes true', to: 'true' }];
  return [];
}

/** The change of `++` and `--`; `write` puts the sign where it stood. */
function countsOtherWay(operator, write) {
  const sign = operator === K.PlusPlusToken ? '--' : '++';
  return { what: `counts the other way (${sign})`, to: write(sign) };
}

/** Conditions that are always, or never, met. A loop that never ends tells nothing. */
function conditionOf(node) {
  const { parent } = node;
  if (parent === undefined) return [];
  const fixed = (to) => ({ what: `condition is ${to}`, to });
  if (
    (ts.isIfStatement(parent) && parent.expression === node) ||
    (ts.isConditionalExpression(parent) && parent.condition === node)
  )
    return [fixed('true'), fixed('false')];
  if (ts.isWhileStatement(parent) && parent.expression === node) return [fixed('false')];
  return [];
}

const isRemovable = (node) =>
  ts.isContinueStatement(node) ||
  ts.isBreakStatement(node) ||
  (ts.isExpressionStatement(node) &&
    !(ts.isCallExpression(node.expression) && node.expression.expression.kind === K.SuperKeyword));

/** True for what is no code that runs, or must not change: types, imports, names, steps of loops, thrown messages. */
function isLeftAlone(node) {
  const { parent } = node;
  return (
    ts.isTypeNode(node) ||
    ts.isImportDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isThrowStatement(node) ||
    (ts.isForStatement(parent) && parent.incrementor === node) ||
    ('name' in parent && parent.name === node)
  );
}

/**
 * The code with its mutants, numbered from `first` on, and what they are. `isStatic`: it stands outside of all functions, so that it is
 * run when the module is loaded. `wanted(place)` chooses.
 */
export function mutate(file, code, first, wanted) {
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.ES2022, true);
  const mutants = [];
  const take = (node, what, to, isStatic) => {
    const { line, character } = source.getLineAndCharacterOfPosition(node.getStart(source));
    const mutant = {
      file,
      line: line + 1,
      column: character + 1,
      what,
      before: node.getText(source).slice(0, 100),
      isStatic,
    };
    if (!wanted(mutant)) return null;
    mutants.push({ id: first + mutants.length, ...mutant });
    return { id: first + mutants.length - 1, to };
  };
  const is = (id) => `(__reached[${id}]=1,__mutant[0]===${id})`;
  function emit(node, isStatic) {
    const start = node.getStart(source);
    const parts = [];
    let at = start;
    const inside =
      isStatic &&
      !ts.isFunctionLike(node) &&
      !(ts.isPropertyDeclaration(node) && !ts.getModifiers(node)?.some((m) => m.kind === K.StaticKeyword));
    ts.forEachChild(node, (child) => {
      if (child.getStart(source) < at || isLeftAlone(child)) return;
      parts.push(code.slice(at, child.getStart(source)), emit(child, inside));
      at = child.getEnd();
    });
    let text = parts.join('') + code.slice(at, node.getEnd());
    const taken = [...changesOf(node, source), ...conditionOf(node)]
      .map(({ what, to }) => take(node, what, to, isStatic))
      .filter((one) => one !== null);
    if (taken.length > 0) text = `(${taken.map(({ id, to }) => `${is(id)}?(${to}):`).join('')}(${text}))`;
    if (isRemovable(node)) {
      const gone = take(node, 'left out', '', isStatic);
      if (gone !== null) text = `{if(!${is(gone.id)}){${text}}}`;
    }
    return text;
  }
  const body = emit(source, true);
  const head = 'const __mutant=globalThis.__mutant,__reached=globalThis.__reached;';
  return { code: `${head}${body}`, mutants };
}
