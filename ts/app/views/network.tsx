/** The network as a graph, by which one finds one's way to its operators and buffers. */
import { GraphChart } from "../charts/graph-chart.js";
import { nodeText, partsText } from "../charts/graph-text.js";
import { facts, operatorsOfNode, pointed } from "../state/pointing.js";
import { chosenNode, nodesOfOperators } from "../state/selection.js";
import { model } from "../state/simulator.js";
import { factsText } from "./facts.js";
import { focusOperators, showOperators } from "./operators.js";
import { Panel } from "./parts.js";

export function NetworkPanel() {
  const graph = model.value?.graph;
  if (graph === undefined) return null;
  const near = new Set(pointed.value.flatMap((index) => nodesOfOperators.value[index] ?? []));
  const shown = near.size === 1 ? [...near][0] : chosenNode.value;
  const node = graph.nodes[shown ?? -1];
  return (
    <Panel
      id="network"
      title="The network"
      basis="exact"
      note="what reads what, its widths and weights; choose a node to find its operators and buffers"
      class="panel-network"
    >
      <GraphChart
        id="graph"
        graph={graph}
        chosen={chosenNode.value}
        pointed={near}
        onPoint={(index) => {
          pointed.value = index === null ? [] : operatorsOfNode(index);
        }}
        onChoose={(chosen) => {
          chosenNode.value = chosen;
        }}
        onShow={showOperators}
        onEnter={focusOperators}
      />
      <p class="readout" role="status">
        {node === undefined
          ? "Choose a node, or focus the graph and use the arrow keys; Enter goes to its operators."
          : `${nodeText(node)}${node.parts.length === 0 ? "" : `; its parts: ${partsText(node)}`}`}
        {node !== undefined && facts.value !== null && (
          <>
            <br />
            {factsText(facts.value)}
          </>
        )}
      </p>
    </Panel>
  );
}
