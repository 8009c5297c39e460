"""Train small networks for digits on a Ray cluster: fewer errors against fewer parameters.

Needs ``pip install 'paretide[ray,demo]'``. Killed, it goes on with
``pt.resume("digits.h5", problem=Digits())``.
"""

import paretide as pt


class Digits(pt.Problem):
    space = pt.Space(
        learning_rate=pt.Float(1e-3, 1e-1, log=True),
        width=pt.Int(4, 64, log=True),
        activation=pt.Choice(["relu", "tanh"]),
        batch_size=pt.Ordinal([32, 64, 128]),
    )
    objectives = {"error": "min", "parameters": "min"}

    def setup(self, ctx):  # once in every worker
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        images, labels = load_digits(return_X_y=True)
        self.data = train_test_split(images / 16, labels, stratify=labels, random_state=0)

    def evaluate(self, x, ctx):
        from sklearn.neural_network import MLPClassifier

        images, unseen_images, labels, unseen_labels = self.data
        network = MLPClassifier(
            (x["width"],),
            activation=x["activation"],
            learning_rate_init=x["learning_rate"],
            batch_size=x["batch_size"],
            max_iter=15,
            random_state=ctx.seed,
        )
        network.fit(images, labels)
        return {
            "error": 100 * (1 - network.score(unseen_images, unseen_labels)),
            "parameters": sum(w.size for w in network.coefs_ + network.intercepts_),
        }


if __name__ == "__main__":
    result = pt.minimize(
        Digits(),
        pt.NSGA2(size=20),
        budget=200,
        seed=1,
        executor=pt.RayExecutor(workers=2, gpus=0),  # on a cluster: address="auto", more workers
        store="digits.h5",
        progress=True,
    )
    print(result.run.front().to_frame())
