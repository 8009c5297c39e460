"""Train small networks for digits on a Ray cluster: fewer errors against fewer weights.

Needs ``pip install 'paretide[ray,demo]'``. Killed, it goes on with ``paretide resume digits.h5``.
"""

import paretide as pt


class Digits(pt.Problem):
    space = pt.Space(
        rate=pt.Float(1e-3, 1e-1, log=True),
        width=pt.Int(4, 64, log=True),
        activation=pt.Choice(["relu", "tanh"]),
    )
    objectives = {"error": "min", "weights": "min"}

    def setup(self, ctx):  # once in every worker
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        images, labels = load_digits(return_X_y=True)
        self.data = train_test_split(images / 16, labels, stratify=labels, random_state=0)

    def evaluate(self, x, ctx):
        from sklearn.neural_network import MLPClassifier

        images, other_images, labels, other_labels = self.data
        settings = {"activation": x["activation"], "learning_rate_init": x["rate"], "max_iter": 15}
        network = MLPClassifier((x["width"],), batch_size=64, random_state=ctx.seed, **settings)
        network.fit(images, labels)
        error = 100 * (1 - network.score(other_images, other_labels))
        return {"error": error, "weights": sum(w.size for w in network.coefs_)}


if __name__ == "__main__":
    executor = pt.RayExecutor(workers=2, gpus=0)  # on a cluster: address="auto" and more workers
    result = pt.minimize(
        Digits(), pt.NSGA2(size=20), budget=200, seed=1, executor=executor, store="digits.h5"
    )
    for x, F in zip(result.front().candidates(), result.F, strict=True):
        print(x, F)
