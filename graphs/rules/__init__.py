"""Judgement without a model: plain rules over sentences, and one small trained detector of requests."""
